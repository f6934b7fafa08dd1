// limit_flags.h - limits as flags, for the commands that take them.
#pragma once

#include <optional>
#include <string>

#include "ip2p/compare/limits.h"

#include "option_flags.h"

namespace ip2p::cli {

/// Limits as a command line gives them.
struct LimitFlags {
  Limits limits;
  std::optional<std::string> pixels_over;

  /// Error{usage}.
  [[nodiscard]] Limits checked() const {
    validate(limits);
    Limits all = limits;
    if (pixels_over) all.pixels_over = PixelsOver::parse(*pixels_over);
    return all;
  }
};

/// A flag a limit, but for clip_direction: that is for cases, which have captions and an input.
inline void add_limit_flags(CLI::App& app, LimitFlags& flags) {
  add_flags(app, flags.limits);
  app.remove_option(app.get_option("--clip-direction"));
  add_word(app, "--pixels-over", flags.pixels_over,
           "VALUE:SHARE: at most this share of the pixels may differ by more than this of 255");
}

}  // namespace ip2p::cli
