// edit_flags.h - the command line of `ip2p edit` as it was typed.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "ip2p/edit/options.h"

namespace ip2p::cli {

struct EditFlags {
  std::string input;
  std::string instruction;
  std::string output;
  std::string from;

  EditOptions options;

  std::string model;
  std::optional<std::string> device;  ///< not given: auto
  std::optional<std::string> dtype;   ///< not given: the record's with --from, else auto

  std::int64_t count = 1;
  std::string format;
  int quality = 95;
  bool strip = false;
  bool overwrite = false;
  double max_megapixels = 100;

  bool dry_run = false;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

/// Declares every flag, the original edit_cli.py's spellings among them.
void declare_edit_flags(CLI::App& app, EditFlags& flags);

}  // namespace ip2p::cli
