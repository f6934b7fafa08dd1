// task_work.cpp - files in, files out, and around every move of a file its lines in the log.
#include "task_work.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <system_error>
#include <thread>

#include "ip2p/base/folders.h"
#include "ip2p/edit/result.h"
#include "ip2p/image/content.h"
#include "ip2p/image/read.h"
#include "ip2p/version.h"

#include "output_check.h"

namespace ip2p {
namespace {

using Clock = std::chrono::steady_clock;

// Between tries of a file.
constexpr Clock::duration first_pause = std::chrono::milliseconds(200);
constexpr Clock::duration longest_pause = std::chrono::seconds(5);
constexpr Clock::duration stop_check_every = std::chrono::milliseconds(20);

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The kind of a failure, for the summary: what the exit code would have been.
std::string_view kind_of(Exit exit) {
  switch (exit) {
    case Exit::usage:
      return "usage";
    case Exit::file:
      return "file";
    case Exit::model:
      return "model";
    case Exit::device:
      return "device";
    default:
      return "bug";
  }
}

}  // namespace

template <class Write>
void TaskWork::recorded(Write write) {
  try {
    write();
  } catch (const Error& error) {
    throw LogFailed(error.exit(), error.what());
  }
}

/// Files may come back: a network folder that is away for a moment. Nothing else is tried again.
template <class Work>
auto TaskWork::with_retries(Work work) const -> decltype(work()) {
  auto pause = first_pause;
  for (std::uint64_t tried = 0;; ++tried) {
    try {
      return work();
    } catch (const Error& error) {
      if (error.exit() != Exit::file || tried >= rules_.retries || stopping_()) throw;
    }
    for (const Clock::time_point end = Clock::now() + pause; Clock::now() < end && !stopping_();)
      std::this_thread::sleep_for(stop_check_every);
    pause = std::min(2 * pause, longest_pause);
  }
}

ReadyTask TaskWork::read(const BatchTask& task) const {
  const Clock::time_point begin = Clock::now();
  check_is_free(task);
  const std::string name = text(task.item.input);
  const Bytes bytes =
      with_retries([&] { return read_file(task.item.input, max_file_bytes(rules_.limits)); });
  ReadyTask ready{.task = task, .input = {}, .input_hash = sha256_of(bytes)};
  warn_if_mislabelled(task.item.input, picture_format({bytes, name, rules_.limits}));
  const Image image = decode_image(bytes, name, rules_.limits);
  const FitRule rule = fit_rule(task.request.options, rules_.manifest);
  const FitSizes sizes = fit_sizes({image.width, image.height}, rule);
  check_storable(task.format, sizes.output.width, sizes.output.height);
  ready.input = fit(image, rule);
  ready.read_s = seconds_since(begin);
  return ready;
}

/// Before an edit, to fail in time; the write looks again.
void TaskWork::check_is_free(const BatchTask& task) const {
  std::error_code unknown;
  if (!fs::exists(task.path, unknown)) return;
  if (fs::equivalent(task.path, task.item.input, unknown))
    throw Obstacle(text("the output ", task.path,
                        " is its own input; give another output folder or --template"));
  if (!rules_.overwrite && !task.replaces)
    throw Obstacle(text(task.path, ' ', task.in_the_way, "; give --overwrite to replace it"));
}

TaskWork::Json TaskWork::write(const MadeTask& made) {
  const Clock::time_point begin = Clock::now();
  const BatchTask& task = made.ready.task;
  const EditRecord record = record_of(made.ready);
  Image picture = restore(made.picture, made.ready.input);
  const Bytes bytes =
      encode_image(std::move(picture), {.format = task.format,
                                        .quality = static_cast<int>(*task.request.options.quality),
                                        .record = rules_.strip ? "" : record.to_json(),
                                        .keep_metadata = !rules_.strip});
  Json result = result_json(task.output, record, made.ready.input.sizes);
  result["status"] = "done";
  result["input"] = task.item.input.string();  // its bytes; a record inside a picture is text
  result["together"] = made.together;
  result["seconds"] = {
      {"read", made.ready.read_s}, {"edit", made.edit_s}, {"write", seconds_since(begin)}};
  recorded([&] { log_.begin_write(task.fingerprint, result, sha256_of(bytes)); });
  with_retries([&] {
    make_folder(task.path.parent_path());
    if (!rules_.allow_outside) check_is_below(rules_.folder, task.path);
    write_atomically(task.path, bytes,
                     rules_.overwrite || task.replaces ? Existing::replace : Existing::keep);
    return true;
  });
  result["seconds"]["write"] = seconds_since(begin);
  recorded([&] { log_.done(task.fingerprint, result); });
  flush_now_and_then();
  return result;
}

EditRecord TaskWork::record_of(const ReadyTask& ready) const {
  return {.request = ready.task.request,
          .input = ready.task.item.input.string(),
          .input_hash = ready.input_hash,
          .bundle = rules_.manifest.name,
          .bundle_hash = rules_.manifest.sha256,
          .device = rules_.device,
          .dtype = rules_.dtype,
          .version = IP2P_VERSION};
}

TaskWork::Json TaskWork::failed(const BatchTask& task, const Error& error) {
  Json result{{"output", task.output},
              {"status", "failed"},
              {"kind", kind_of(error.exit())},
              {"error", error.what()},
              {"instruction", task.request.instruction},
              {"input", task.item.input.string()},
              {"bundle", rules_.manifest.name},
              {"bundle_hash", rules_.manifest.sha256}};
  result.update(options_to_json(task.request.options));
  // What is in an output's way says nothing of the request, and the log may know who made it.
  if (dynamic_cast<const Obstacle*>(&error) == nullptr)
    recorded([&] { log_.failed(task.fingerprint, result); });
  flush_now_and_then();
  return result;
}

/// So that a crash of the machine takes no more than seconds of the log along.
void TaskWork::flush_now_and_then() {
  constexpr std::int64_t every_s = 5;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  std::int64_t last = flushed_s_;
  if (now - last < every_s || !flushed_s_.compare_exchange_strong(last, now)) return;
  recorded([&] { log_.flush(); });
}

}  // namespace ip2p
