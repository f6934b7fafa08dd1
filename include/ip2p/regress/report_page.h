// report_page.h - the page of an HTML report, with its data in it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace ip2p {

/// One file that needs no other but the pictures: markup, style, program and data. The page may
/// load pictures beside it and nothing else, run no script but its own, and nothing in `data` can
/// be taken for markup. Bytes that are not UTF-8 become U+FFFD.
std::string report_page(const nlohmann::ordered_json& data);

}  // namespace ip2p
