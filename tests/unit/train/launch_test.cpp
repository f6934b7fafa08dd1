// launch_test.cpp - what the variables of mpirun, torchrun and srun say.
#include "launch.h"

#include <map>

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

Launch launch(const std::map<std::string, std::string>& variables) {
  return launch_from([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

void expect_launch(const Launch& got, Launcher launcher, std::uint64_t world, std::uint64_t rank,
                   std::uint64_t local_rank) {
  EXPECT_EQ(got.launcher, launcher);
  EXPECT_EQ(got.world, world);
  EXPECT_EQ(got.rank, rank);
  EXPECT_EQ(got.local_rank, local_rank);
}

TEST(Launch, OneProcessIsAlone) {
  expect_launch(launch({}), Launcher::none, 1, 0, 0);
  expect_launch(launch({{"OMPI_COMM_WORLD_SIZE", "1"}}), Launcher::none, 1, 0, 0);
  expect_launch(launch({{"WORLD_SIZE", "1"}}), Launcher::none, 1, 0, 0);
  expect_launch(launch({{"PMI_SIZE", "1"}}), Launcher::none, 1, 0, 0);
  // a batch script has its job's variables, and is one process
  expect_launch(launch({{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}}), Launcher::none, 1, 0, 0);
}

TEST(Launch, EveryLauncherIsKnown) {
  expect_launch(launch({{"WORLD_SIZE", "4"}, {"RANK", "3"}, {"LOCAL_RANK", "1"}}),
                Launcher::torchrun, 4, 3, 1);
  expect_launch(launch({{"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_RANK", "1"}}),
                Launcher::mpirun, 2, 1, 0);
  expect_launch(launch({{"PMI_SIZE", "2"}, {"PMI_RANK", "1"}}), Launcher::mpirun, 2, 1, 0);
  expect_launch(
      launch({{"SLURM_STEP_NUM_TASKS", "8"}, {"SLURM_PROCID", "5"}, {"SLURM_LOCALID", "2"}}),
      Launcher::srun, 8, 5, 2);
}

TEST(Launch, MpirunInsideASlurmJobIsMpirun) {
  expect_launch(launch({{"OMPI_COMM_WORLD_SIZE", "4"},
                        {"OMPI_COMM_WORLD_RANK", "2"},
                        {"SLURM_STEP_NUM_TASKS", "2"},
                        {"SLURM_PROCID", "0"}}),
                Launcher::mpirun, 4, 2, 0);
}

TEST(Launch, ProcessesOfOneMachineAreCounted) {
  const std::map<std::string, std::string> torchrun{
      {"WORLD_SIZE", "4"}, {"RANK", "3"}, {"LOCAL_RANK", "1"}, {"LOCAL_WORLD_SIZE", "2"}};
  EXPECT_EQ(launch(torchrun).local_world, 2U);
  const auto srun = [](const std::string& tasks) {
    return launch({{"SLURM_STEP_NUM_TASKS", "8"},
                   {"SLURM_PROCID", "5"},
                   {"SLURM_LOCALID", "0"},
                   {"SLURM_STEP_TASKS_PER_NODE", tasks}})
        .local_world;
  };
  EXPECT_EQ(srun("1(x8)"), 1U);
  EXPECT_EQ(srun("3(x2),2"), 3U);
  EXPECT_EQ(launch({}).local_world, 1U);
}

TEST(OwnDevice, IsTheGpuOfTheProcessesNumberOrTheOnlyOneItSees) {
  const Launch alone;
  const Launch second{
      .launcher = Launcher::srun, .world = 4, .rank = 1, .local_rank = 1, .local_world = 2};
  EXPECT_EQ(own_device("cuda", alone, 4), "cuda");
  EXPECT_EQ(own_device("cuda:3", alone, 4), "cuda:3");
  EXPECT_EQ(own_device("cuda", second, 4), "cuda:1");
  EXPECT_EQ(own_device("auto", second, 4), "cuda:1");
  EXPECT_EQ(own_device("cuda", second, 1), "cuda:0");  // srun --gpus-per-task=1
  EXPECT_EQ(own_device("auto", second, 0), "auto");
  EXPECT_EQ(own_device("cpu", second, 4), "cpu");
  expect_error(
      Exit::usage, [&] { (void)own_device("cuda:0", second, 4); }, "cuda:0 is one GPU",
      "2 processes");
}

TEST(Launch, VariablesThatCannotBeAreRefused) {
  expect_error(Exit::usage, [] { launch({{"WORLD_SIZE", "two"}}); }, "WORLD_SIZE", "\"two\"");
  expect_error(Exit::usage, [] { launch({{"WORLD_SIZE", "2"}}); }, "RANK is not set");
  expect_error(
      Exit::usage, [] { launch({{"WORLD_SIZE", "2"}, {"RANK", "2"}}); }, "less than WORLD_SIZE");
  expect_error(
      Exit::usage, [] { launch({{"WORLD_SIZE", "2"}, {"RANK", "-1"}}); }, "expected a number");
}

}  // namespace
}  // namespace ip2p
