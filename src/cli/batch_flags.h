// batch_flags.h - the command line of `ip2p batch` as it was typed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "ip2p/edit/options.h"
#include "ip2p/image/read.h"
#include "ip2p/image/write.h"
#include "ip2p/model/devices.h"

namespace ip2p::cli {

/// What was not given is nullopt.
struct BatchFlags {
  std::vector<std::string> inputs;
  std::vector<std::string> edits;
  std::optional<std::string> output;

  EditOptions options;

  std::optional<std::string> manifest;
  bool recursive = false;
  std::optional<std::string> name_template;
  std::optional<std::string> format;
  std::int64_t count = 1;
  std::optional<std::string> model;
  std::optional<std::string> device;
  std::optional<std::string> devices;
  std::optional<std::string> dtype;
  std::optional<std::string> rewrites;
  std::optional<std::int64_t> workers;
  std::string batch_size = "auto";
  std::optional<std::string> shard;
  bool no_resume = false;
  bool retry_failed = false;
  std::int64_t retries = 0;
  std::int64_t max_failures = 0;
  bool overwrite = false;
  bool allow_outside = false;
  bool strip = false;
  double max_megapixels = ReadLimits{}.max_megapixels;
  std::optional<std::string> merge_results;
  bool dry_run = false;
  bool json = false;

  bool quiet = false;
  bool verbose = false;

  /// Those that are a flag of their name and nothing else.
  template <class Self, class Field>
  static void visit(Self& self, Field&& field) {
    field("manifest", self.manifest, "a .jsonl or .csv file with one job a line, instead of INPUT");
    field("recursive", self.recursive, "also what is in folders of the input folders");
    field("template", self.name_template,
          "how outputs are called below the output folder: {dir} {parent} {stem} {ext} {name} "
          "{seed} {edit} "
          "{words} {variation} {line} (default: {dir}/{stem}, the edit's number and the seed where "
          "there are several, and the input's extension)");
    field("format", self.format, "of all outputs (default: the input's, or the template's)",
          Choices(format_names()));
    field("count", self.count, "variations of each edit, each with a seed of its own",
          Range{1, 10000});
    field("model", self.model,
          "the bundle's folder (default: IP2P_MODEL, else the demo that ships)");
    field("device", self.device, "auto (default), cpu, cuda or cuda:N");
    field("devices", self.devices, "several: all, or such as cuda:0,cuda:1; a model on each");
    field("dtype", self.dtype,
          "precision; auto (default) is float32 on the CPU and float16 on CUDA",
          Choices(std::vector<std::string>(dtype_names.begin(), dtype_names.end())));
    field("rewrites", self.rewrites,
          "which parts of the network are computed in a faster way: all (default), none, or some, "
          "with commas between; `ip2p info` lists them");
    field("workers", self.workers, "on the CPU: how many edit side by side, sharing the cores",
          Range{1, 1024});
    field("batch-size", self.batch_size,
          "pictures edited together: a number from 1 to 256, or auto, which grows while it pays");
    field("shard", self.shard,
          "I/N: only the I-th of N parts (default: from a Slurm array's or a Kubernetes job's "
          "variables)");
    field("no-resume", self.no_resume, "make everything again, also what is done");
    field("retry-failed", self.retry_failed, "try again what failed in an earlier run");
    field("retries", self.retries, "how often reading or writing a file is tried again",
          Range{0, 100});
    field("max-failures", self.max_failures, "stop after so many; 0: never",
          Range{0, 1'000'000'000});
    field("overwrite", self.overwrite, "replace files that no run of this batch made");
    field("allow-outside", self.allow_outside, "let outputs lie outside the output folder");
    field("strip", self.strip, "write neither the record nor the input's EXIF and dpi");
    field("max-megapixels", self.max_megapixels, "refuse larger input pictures",
          ReadLimits::megapixels_range);
    field("merge-results", self.merge_results,
          "only this: join the results of all shards in this folder, and say what is missing");
    field("dry-run", self.dry_run, "say what would be done, and check what can be checked");
    field("json", self.json, "print one JSON object a picture as it is done");
  }
};

void declare_batch_flags(CLI::App& app, BatchFlags& flags);

}  // namespace ip2p::cli
