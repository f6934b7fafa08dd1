// main.cpp - reads one JSON request a line on stdin ({"op": NAME, ...}), prints one JSON answer a
// line:
// {"ok": true, ...} or {"ok": false, "exit": CODE, "error": SENTENCE}.
#include <array>
#include <iostream>
#include <string>

#include "ip2p/base/error.h"

#include "operation.h"

namespace ip2p::probe {

// Each is defined in the file of its name.

namespace {

Json echo(const Json& request) {
  return request;
}

constexpr std::array operations{
    Operation{"echo", echo},
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
  for (std::string line; std::getline(std::cin, line);) {
    Json reply;
    try {
      reply = ip2p::probe::answer(Json::parse(line));
      reply["ok"] = true;
    } catch (const ip2p::Error& error) {
      reply = {{"ok", false}, {"exit", static_cast<int>(error.exit())}, {"error", error.what()}};
    }
    std::cout << reply.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
  }
  return 0;
}
