// tokenize.cpp - texts as token ids, many at a time.
#include "ip2p/base/error.h"
#include "ip2p/text/tokenizer.h"

#include "operation.h"

namespace ip2p::probe {
namespace {

TokenizerSpec spec_of(const Json& request) {
  const bool plain = request.value("front_end", "clip") == "plain";
  return {.length = request.at("length").get<std::int64_t>(),
          .start = request.at("start").get<std::int64_t>(),
          .end = request.at("end").get<std::int64_t>(),
          .pad = request.at("pad").get<std::int64_t>(),
          .front_end = plain ? FrontEnd::plain : FrontEnd::clip};
}

}  // namespace

// {"model": PATH, "length", "start", "end", "pad", "front_end": "clip" or "plain", "texts": [...]}
// -> {"ids": [[...], ...], "dropped": [...]}
Json tokenize_texts(const Json& request) {
  const Tokenizer tokenizer(fs::path(request.at("model").get<std::string>()), spec_of(request));
  Json ids = Json::array();
  Json dropped = Json::array();
  for (const Json& text : request.at("texts")) {
    Tokens tokens = tokenizer.encode(text.get<std::string>());
    ids.push_back(std::move(tokens.ids));
    dropped.push_back(std::move(tokens.dropped));
  }
  return {{"ids", std::move(ids)}, {"dropped", std::move(dropped)}};
}

}  // namespace ip2p::probe
