// option_flags.h - turns the `visit` of an options struct into flags.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "ip2p/base/options.h"

namespace ip2p::cli {

/// Adds one flag a field. Ranges are shown in help; `validate` checks them, with the
/// same sentence for a flag as for a file.
template <class Options>
void add_flags(CLI::App& app, Options& options) {
  Options::visit(options, [&](const char* name, auto& value, const char* help, auto... constraint) {
    using Value = std::remove_cvref_t<decltype(value)>;
    std::string flag = "--" + std::string(name);
    CLI::Option* added = nullptr;
    if constexpr (std::is_same_v<Value, bool>)
      added = app.add_flag(flag, value, help);
    else
      added = app.add_option(flag, value, help);
    if constexpr (sizeof...(constraint) > 0) added->type_name((constraint.expected() + ...));
  });
}

}  // namespace ip2p::cli
