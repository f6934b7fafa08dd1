// edit_flags.h - the command line of `ip2p edit` as it was typed.
#pragma once

#include <algorithm>
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
struct EditFlags {
  std::optional<std::string> input;
  std::optional<std::string> instruction;
  std::optional<std::string> output;
  std::optional<std::string> from;

  EditOptions options;

  std::optional<std::string> model;
  std::optional<std::string> device;
  std::optional<std::string> dtype;
  std::optional<std::string> rewrites;
  std::int64_t count = 1;
  std::optional<std::string> format;
  bool strip = false;
  bool overwrite = false;
  double max_megapixels = ReadLimits{}.max_megapixels;
  bool dry_run = false;
  bool json = false;

  bool quiet = false;
  bool verbose = false;

  /// Those that are a flag of their name and nothing else.
  template <class Self, class Field>
  static void visit(Self& self, Field&& field) {
    field("model", self.model,
          "the bundle's folder (default: IP2P_MODEL, else the demo that ships)");
    field("device", self.device, "auto (default), cpu, cuda or cuda:N");
    field("dtype", self.dtype,
          "precision; auto (default) is float32 on the CPU and float16 on CUDA",
          Choices(std::vector<std::string>(dtype_names.begin(), dtype_names.end())));
    field("rewrites", self.rewrites,
          "which parts of the network are computed in a faster way: all (default), none, or some, "
          "with commas between; `ip2p info` lists them");
    field("count", self.count,
          "variations, with the seeds from --seed upward; out.png becomes out_SEED.png",
          Range{1, 10000});
    field("format", self.format, "default: the output's extension; png on stdout",
          Choices(format_names()));
    field("strip", self.strip, "write neither the record nor the input's EXIF and dpi");
    field("overwrite", self.overwrite, "replace files that exist");
    field("max-megapixels", self.max_megapixels, "refuse larger input pictures",
          ReadLimits::megapixels_range);
    field("dry-run", self.dry_run, "say what would be done, and check what can be checked");
    field("json", self.json,
          "print one JSON object a picture: how it is made, its size, seconds by stage");
  }
};

/// Declares every flag, the original edit_cli.py's spellings among them.
void declare_edit_flags(CLI::App& app, EditFlags& flags);

/// Error{usage} when the picture, the instruction or the output was given twice. Of any other flag
/// the last one counts, as in the original: scripts append to commands.
void refuse_repeated_edit_flags(const CLI::App& app);

}  // namespace ip2p::cli
