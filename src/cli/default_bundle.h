// default_bundle.h - where the bundle that ships is.
#pragma once

#include "ip2p/base/files.h"

namespace ip2p::cli {

/// models/demo of the installation, or of the checkout that the program was built in. Error{model}
/// when there is none.
fs::path default_bundle();

}  // namespace ip2p::cli
