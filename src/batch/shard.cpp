// shard.cpp - which part of a batch this process is, said by a flag, by Slurm or by Kubernetes.
#include "ip2p/batch/shard.h"

#include <charconv>
#include <string_view>

#include "ip2p/base/error.h"

#include "hash.h"

namespace ip2p {
namespace {

std::optional<std::uint64_t> whole_number(std::string_view digits) {
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [read, failed] = std::from_chars(digits.data(), end, number);
  if (failed != std::errc() || read != end || digits.empty()) return std::nullopt;
  return number;
}

Shard shard_of(const std::string& given) {
  const auto slash = given.find('/');
  const auto index = whole_number(std::string_view(given).substr(0, slash));
  const auto count =
      slash == std::string::npos ? std::nullopt : whole_number(given.substr(slash + 1));
  if (!index || !count || *index < 1 || *index > *count)
    throw Error(Exit::usage, text("--shard: expected I/N with I from 1 to N, for example 2/8, got ",
                                  '"', given, '"'));
  return {.index = *index, .count = *count};
}

/// Schedulers leave variables that do not apply unset or empty.
std::optional<std::string> value_of(const Environment& environment, const char* name) {
  std::optional<std::string> value = environment(name);
  if (value && value->empty()) value.reset();
  return value;
}

std::uint64_t required(const Environment& environment, const char* name, std::string_view advice) {
  const auto value = value_of(environment, name);
  const auto number = value ? whole_number(*value) : std::nullopt;
  if (!number)
    throw Error(Exit::usage,
                text(name, ": expected a whole number from 0, got ",
                     value ? "\"" + *value + "\"" : std::string("nothing"), "; ", advice));
  return *number;
}

/// An array that does not begin at 0 or 1, or has gaps, is one of which some tasks are run again:
/// its own numbers do not tell how many there were at first, and a guess would edit other items.
Shard shard_of_slurm(const Environment& environment) {
  constexpr std::string_view advice = "start the job with --array=1-N, or give --shard I/N";
  const std::uint64_t task = required(environment, "SLURM_ARRAY_TASK_ID", advice);
  const std::uint64_t first = required(environment, "SLURM_ARRAY_TASK_MIN", advice);
  const std::uint64_t last = required(environment, "SLURM_ARRAY_TASK_MAX", advice);
  const std::uint64_t count = required(environment, "SLURM_ARRAY_TASK_COUNT", advice);
  std::uint64_t step = 1;
  if (count > 1 && value_of(environment, "SLURM_ARRAY_TASK_STEP"))
    step = required(environment, "SLURM_ARRAY_TASK_STEP", advice);

  const bool regular = step > 0 && first <= 1 && first <= last && (last - first) % step == 0 &&
                       count > 0 && (last - first) / step == count - 1;
  if (!regular || task < first || task > last || (task - first) % step != 0)
    throw Error(Exit::usage,
                text("the Slurm array's tasks do not say which part of how many this is: expected "
                     "an unbroken range from 0 or 1, got task ",
                     task, " of ", count, " from ", first, " to ", last, "; ", advice));
  return {.index = (task - first) / step + 1, .count = count};
}

Shard shard_of_kubernetes(const Environment& environment) {
  constexpr std::string_view advice =
      "set JOB_COMPLETIONS to the job's completions in its file, or give --shard I/N";
  const std::uint64_t index = required(environment, "JOB_COMPLETION_INDEX", advice);
  const std::uint64_t count = required(environment, "JOB_COMPLETIONS", advice);
  if (index >= count)
    throw Error(Exit::usage, text("JOB_COMPLETION_INDEX: expected less than JOB_COMPLETIONS (",
                                  count, "), got ", index, "; ", advice));
  return {.index = index + 1, .count = count};
}

}  // namespace

Shard shard_from(const std::optional<std::string>& given, const Environment& environment) {
  if (given) return shard_of(*given);
  if (value_of(environment, "SLURM_ARRAY_TASK_ID")) return shard_of_slurm(environment);
  if (value_of(environment, "JOB_COMPLETION_INDEX")) return shard_of_kubernetes(environment);
  return {};
}

bool in_shard(const std::string& output, const Shard& shard) {
  return well_mixed(fnv1a(output)) % shard.count == shard.index - 1;
}

}  // namespace ip2p
