// run.cpp - the batch engine makes the pictures; threads beside it judge them.
#include "ip2p/regress/run.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/batch/bounded_queue.h"
#include "ip2p/batch/results_log.h"

namespace ip2p {
namespace {

/// A case whose edit ended: with a picture, or with a sentence.
struct Ended {
  std::size_t number = 0;
  Exit trouble = Exit::ok;
  std::string reason;
};

/// What the engine calls a failure's kind.
Exit exit_of(const std::string& kind) {
  if (kind == "usage") return Exit::usage;
  if (kind == "file") return Exit::file;
  if (kind == "model") return Exit::model;
  return kind == "device" ? Exit::device : Exit::bug;
}

std::string output_name(const Case& made) {
  return made.name + ".png";
}

BatchTask task_of(const Case& made, std::size_t number, const RunRules& rules) {
  BatchTask task;
  task.item.input = made.input;
  task.item.instruction = made.request.instruction;
  task.request = {.instruction = made.request.instruction,
                  .options = resolve(made.request.options, rules.engine.manifest.defaults)};
  if (rules.check_sampler) rules.check_sampler(*task.request.options.sampler);
  task.output = output_name(made);
  task.path = rules.folder / task.output;
  task.format = OutputFormat::png;
  task.fingerprint = number;
  return task;
}

/// What `judge` gives; whatever it throws is the verdict of its case alone, for the others' are
/// still to come.
template <class Judge>
CaseVerdict or_error(Judge judge) {
  try {
    return judge();
  } catch (const Error& error) {
    return error_verdict(error.exit(), error.what());
  } catch (const std::bad_alloc&) {
    return error_verdict(Exit::device, "memory ran out while the picture was compared");
  } catch (const std::exception& error) {
    const std::string words = error.what();
    return error_verdict(
        Exit::bug,
        text("a fault of ip2p itself: ", words.substr(0, words.find('\n')), "; please report it"));
  } catch (...) {
    return error_verdict(Exit::bug, "a fault of ip2p itself; please report it");
  }
}

class Run {
 public:
  Run(const std::vector<Case>& cases, const RunRules& rules,
      const std::function<void(const CaseResult&)>& observe)
      : cases_(cases), rules_(rules), observe_(observe), results_(cases.size()), to_judge_(64) {
    for (std::size_t i = 0; i < cases.size(); ++i) numbers_[output_name(cases[i])] = i;
  }

  std::vector<CaseResult> all(std::span<const std::unique_ptr<BatchModel>> models,
                              const std::function<bool()>& stop) {
    std::vector<std::thread> judges;
    for (std::size_t i = 0; i < std::max<std::size_t>(rules_.judges, 1); ++i)
      judges.emplace_back([this] { judge_all(); });
    const auto join = [&] {
      to_judge_.close();
      for (std::thread& judge : judges) judge.join();
    };
    try {
      make_all(models, stop);
    } catch (...) {
      to_judge_.abandon();
      join();
      throw;
    }
    join();
    std::vector<CaseResult> ended;
    for (std::optional<CaseResult>& result : results_)
      if (result) ended.push_back(std::move(*result));
    return ended;
  }

 private:
  void make_all(std::span<const std::unique_ptr<BatchModel>> models,
                const std::function<bool()>& stop) {
    EngineRules engine = rules_.engine;
    engine.folder = rules_.folder;
    engine.overwrite = true;
    ResultsLog log(rules_.folder, {});
    std::size_t next = 0;
    (void)run_batch(
        [&](const StopCheck&) -> std::optional<BatchTask> {
          while (next < cases_.size()) {
            const std::size_t number = next++;
            try {
              return task_of(cases_[number], number, rules_);
            } catch (const Error& error) {
              to_judge_.push({.number = number, .trouble = error.exit(), .reason = error.what()});
            }
          }
          return std::nullopt;
        },
        models, engine, log,
        [&](const BatchEvent& event) {
          Ended ended;
          ended.number = numbers_.at(event.task.output);
          if (event.failed) {
            ended.trouble = exit_of(event.result.at("kind").get<std::string>());
            ended.reason = event.result.at("error").get<std::string>();
          }
          to_judge_.push(std::move(ended));
        },
        stop);
    log.close();
  }

  void judge_all() {
    while (const std::optional<Ended> ended = to_judge_.pop()) {
      CaseResult result = judged(*ended);
      const std::lock_guard lock(mutex_);
      if (observe_) observe_(result);
      results_[ended->number] = std::move(result);
    }
  }

  [[nodiscard]] CaseResult judged(const Ended& ended) const {
    const Case& made = cases_[ended.number];
    CaseResult result{
        .name = made.name, .request = made.request, .picture = {}, .verdict = {}, .repeats = {}};
    if (ended.trouble != Exit::ok) {
      result.verdict = error_verdict(ended.trouble, ended.reason);
      return result;
    }
    result.request.options = resolve(made.request.options, rules_.engine.manifest.defaults);
    result.picture = rules_.folder / output_name(made);
    judge_again(result, made, rules_);
    return result;
  }

  const std::vector<Case>& cases_;
  const RunRules& rules_;
  const std::function<void(const CaseResult&)>& observe_;
  std::map<std::string, std::size_t> numbers_;  ///< of cases, by their pictures' names
  std::vector<std::optional<CaseResult>> results_;
  BoundedQueue<Ended> to_judge_;
  std::mutex mutex_;
};

}  // namespace

void judge_again(CaseResult& result, const Case& expected, const RunRules& rules) {
  const fs::path picture = std::exchange(result.picture, {});
  result.verdict = or_error([&] {
    // Read once: what is judged is what the run keeps the hash of.
    const Bytes bytes = read_file(picture, max_file_bytes(rules.engine.limits));
    result.sha256 = sha256_of(bytes);
    result.picture = picture;
    return judge_case(
        expected,
        {.picture = decode_image(bytes, text(picture), rules.engine.limits),
         .back_end = {.device = device_kind(rules.engine.device), .dtype = rules.engine.dtype},
         .bundle_hash = rules.engine.manifest.sha256},
        rules.features);
  });
}

std::vector<CaseResult> run_cases(const std::vector<Case>& cases,
                                  std::span<const std::unique_ptr<BatchModel>> models,
                                  const RunRules& rules,
                                  const std::function<void(const CaseResult&)>& observe,
                                  const std::function<bool()>& stop) {
  return Run(cases, rules, observe).all(models, stop);
}

}  // namespace ip2p
