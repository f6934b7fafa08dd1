// waiting_room_test.cpp - who is edited with whom, and who waits for whom.
#include "waiting_room.h"

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

ReadyTask task(int width, const std::string& name) {
  ReadyTask ready;
  ready.input.sizes.model = {.width = width, .height = 64};
  ready.task.output = name;
  EditOptions& options = ready.task.request.options;
  options.sampler = "ddim";
  options.steps = 20;
  options.cfg_text = options.cfg_image = 1.0;
  return ready;
}

std::vector<std::string> names(const std::vector<ReadyTask>& tasks) {
  std::vector<std::string> all;
  for (const ReadyTask& ready : tasks) all.push_back(ready.task.output);
  return all;
}

std::size_t two(const AlikeKey& /*key*/) {
  return 2;
}

class Room : public ::testing::Test {
 protected:
  void add(int width, const std::string& name) {
    room_.expect();
    ASSERT_TRUE(room_.add(task(width, name)));
  }

  WaitingRoom room_{6};
};

TEST_F(Room, TakesWhatIsAlikeInTheOrderOfArrival) {
  add(64, "a");
  add(128, "b");
  add(64, "c");
  add(64, "d");
  EXPECT_EQ(names(room_.take(two)), (std::vector<std::string>{"a", "c"}));
}

TEST_F(Room, AFullGroupGoesFirstThenTheLargestThenTheOldest) {
  add(32, "alone");
  add(64, "a");
  add(128, "b");
  add(128, "c");
  EXPECT_EQ(names(room_.take(two)), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(names(room_.take(two)), (std::vector<std::string>{"alone"}));
  EXPECT_EQ(names(room_.take(two)), (std::vector<std::string>{"a"}));
}

TEST_F(Room, WaitsForThoseOnTheirWayUntilTheGroupIsFull) {
  add(64, "a");
  room_.expect();
  std::atomic<bool> taken = false;
  std::vector<ReadyTask> got;
  std::thread device([&] {
    got = room_.take(two);
    taken = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_FALSE(taken);
  ASSERT_TRUE(room_.add(task(64, "b")));
  device.join();
  EXPECT_EQ(names(got), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Room, DoesNotWaitForOneThatIsExcused) {
  add(64, "a");
  room_.expect();
  std::thread reader([&] { room_.excuse(); });
  EXPECT_EQ(names(room_.take(two)), (std::vector<std::string>{"a"}));
  reader.join();
}

TEST_F(Room, AFullRoomIsNotWaitedIn) {
  for (int width = 1; width <= 6; ++width) add(width, std::to_string(width));
  room_.expect();  // cannot come in before somebody leaves
  EXPECT_EQ(names(room_.take(two)), (std::vector<std::string>{"1"}));
}

TEST_F(Room, ReadersWaitForRoom) {
  for (int width = 1; width <= 6; ++width) add(width, std::to_string(width));
  room_.expect();
  std::atomic<bool> in = false;
  std::thread reader([&] {
    EXPECT_TRUE(room_.add(task(7, "7")));
    in = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_FALSE(in);
  (void)room_.take(two);
  reader.join();
  EXPECT_TRUE(in);
}

TEST_F(Room, EndsEmptyWhenItIsClosed) {
  add(64, "a");
  room_.close();
  EXPECT_EQ(names(room_.take(two)), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(room_.take(two).empty());
}

TEST_F(Room, LetsEverybodyGoWhenItIsAbandoned) {
  for (int width = 1; width <= 6; ++width) add(width, std::to_string(width));
  room_.expect();
  std::thread reader([&] { EXPECT_FALSE(room_.add(task(7, "7"))); });
  room_.abandon();
  reader.join();
  EXPECT_TRUE(room_.take(two).empty());
}

}  // namespace
}  // namespace ip2p
