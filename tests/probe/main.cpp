// main.cpp - reads one JSON request a line on stdin ({"op": NAME, ...}), prints one JSON answer a
// line:
// {"ok": true, ...} or {"ok": false, "exit": CODE, "error": SENTENCE}; with "warnings":
// [SENTENCE...] when there were any.
#include <array>
#include <iostream>
#include <string>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

#include "operation.h"

namespace ip2p::probe {

// Each is defined in the file that is named.
Json manifest(const Json& request);  // manifest.cpp
Json clip_manifest(const Json& request);
Json decode_picture(const Json& request);  // picture.cpp
Json encode_picture(const Json& request);
Json picture_record(const Json& request);
Json crop_sizes(const Json& request);  // fit.cpp
Json plan_fit(const Json& request);
Json resize_picture(const Json& request);
Json fit_picture(const Json& request);
Json square_picture(const Json& request);
Json tokenize_texts(const Json& request);  // tokenize.cpp

namespace {

Json echo(const Json& request) {
  return request;
}

constexpr std::array operations{
    Operation{"echo", echo},
    Operation{"manifest", manifest},
    Operation{"clip_manifest", clip_manifest},
    Operation{"decode", decode_picture},
    Operation{"encode", encode_picture},
    Operation{"record", picture_record},
    Operation{"crop_sizes", crop_sizes},
    Operation{"fit_sizes", plan_fit},
    Operation{"resize", resize_picture},
    Operation{"fit", fit_picture},
    Operation{"square", square_picture},
    Operation{"tokenize", tokenize_texts},
};

Json answer(const Json& request) {
  for (const Operation& operation : operations)
    if (operation.name == request.at("op").get<std::string>()) return operation.run(request);
  throw Error(Exit::usage, text("unknown operation ", request.at("op")));
}

}  // namespace
}  // namespace ip2p::probe

int main() {
  using ip2p::probe::Json;
  std::ios::sync_with_stdio(false);
  ip2p::log::set_level(ip2p::log::Level::off);
  for (std::string line; std::getline(std::cin, line);) {
    Json reply;
    Json warnings = Json::array();
    ip2p::log::set_observer([&](ip2p::log::Level /*level*/, const std::string& sentence) {
      warnings.push_back(sentence);
    });
    try {
      reply = ip2p::probe::answer(Json::parse(line));
      reply["ok"] = true;
    } catch (const ip2p::Error& error) {
      reply = {{"ok", false}, {"exit", static_cast<int>(error.exit())}, {"error", error.what()}};
    }
    if (!warnings.empty()) reply["warnings"] = warnings;
    std::cout << reply.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
  }
  return 0;
}
