// engine_cost.cpp - no test: what the engine itself takes an item, for scripts/bench long. A model
// that does nothing, pictures of 8x8; what their codecs take alone is measured beside it.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/batch/engine.h"

#include "support/temporary_folder.h"

namespace {

using namespace ip2p;
using Clock = std::chrono::steady_clock;

class Nothing : public BatchModel {
 public:
  std::vector<Image> edit(std::span<const ReadyTask> tasks) override {
    std::vector<Image> pictures;
    for (const ReadyTask& ready : tasks) pictures.push_back(ready.input.picture);
    return pictures;
  }
};

Image small_picture() {
  constexpr int side = 8;
  Image picture{.width = side, .height = side, .rgb = {}, .alpha = {}, .exif = {}};
  picture.rgb.assign(std::size_t{3} * side * side, 100);
  return picture;
}

BatchTask task(const fs::path& input, const fs::path& out, std::uint64_t number) {
  BatchTask task;
  task.item.input = input;
  task.request.instruction = "make it snow";
  task.request.options = {.steps = 1,
                          .cfg_text = 1.0,
                          .cfg_image = 1.0,
                          .seed = number,
                          .sampler = "ddim",
                          .resolution = 64,
                          .size_mode = "pad",
                          .output_size = "fit",
                          .quality = 95};
  task.output = std::to_string(number % 100) + "/" + std::to_string(number) + ".png";
  task.path = out / task.output;
  task.fingerprint = number;
  return task;
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Seconds that decoding and encoding one of the pictures take.
double codecs_s(const fs::path& input) {
  constexpr int times = 2000;
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < times; ++i)
    if (encode_image(read_image(input), {}).empty()) throw Error(Exit::bug, "no bytes");
  return seconds_since(begin) / times;
}

}  // namespace

int main(int count, char** words) {
  const std::uint64_t items = count > 1 ? std::stoull(words[1]) : 10000;
  const test::TemporaryFolder folder;
  const fs::path input = folder / "in.png";
  write_atomically(input, encode_image(small_picture(), {}), Existing::keep);

  EngineRules rules;
  rules.manifest.name = "nothing";
  rules.manifest.sha256 = std::string(64, '0');
  rules.manifest.size_multiple = 8;
  rules.device = "cpu";
  rules.dtype = "float32";
  rules.folder = folder / "out";
  fs::create_directories(rules.folder);
  std::vector<std::unique_ptr<BatchModel>> models;
  models.push_back(std::make_unique<Nothing>());

  std::uint64_t next = 0;
  ResultsLog log(rules.folder, {});
  const Clock::time_point begin = Clock::now();
  const BatchCounts counts = run_batch(
      [&](const StopCheck&) -> std::optional<BatchTask> {
        if (next == items) return std::nullopt;
        return task(input, rules.folder, next++);
      },
      models, rules, log, {}, {});
  log.close();
  const double all_s = seconds_since(begin) / static_cast<double>(items);
  std::cout << nlohmann::json{{"items", counts.done},
                              {"ms_an_item", 1e3 * all_s},
                              {"codecs_ms", 1e3 * codecs_s(input)}}
            << "\n";
  return counts.done == items ? 0 : 1;
}
