// record.cpp - one flat JSON object: easy to read with eyes, jq and exiftool.
#include "ip2p/edit/record.h"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/base/json_text.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

constexpr int record_format = 1;

}  // namespace

std::string EditRecord::to_json() const {
  Json record{{"ip2p", version},
              {"record", record_format},
              {"instruction", request.instruction},
              {"input", input},
              {"input_hash", input_hash},
              {"bundle", bundle},
              {"bundle_hash", bundle_hash},
              {"device", device},
              {"dtype", dtype}};
  record.update(Json::parse(options_to_json(request.options).dump()));
  // Paths may hold bytes that are not UTF-8; a record is text.
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

EditRecord EditRecord::from_json(const std::string& json, const std::string& name) {
  const auto refuse = [&](const std::string& why) -> Error {
    return {Exit::file, text(name, " has a record that this ip2p cannot replay: ", why)};
  };
  try {
    Json record = parse_json<Json>(json);
    if (record.at("record").get<int>() != record_format)
      throw std::runtime_error(
          text("its format is ", record.at("record"), ", this ip2p reads ", record_format));
    EditRecord result;
    const auto take = [&record](const char* key) {
      auto value = record.at(key).get<std::string>();
      record.erase(key);
      return value;
    };
    record.erase("record");
    result.version = take("ip2p");
    result.request.instruction = take("instruction");
    result.input = take("input");
    result.input_hash = take("input_hash");
    result.bundle = take("bundle");
    result.bundle_hash = take("bundle_hash");
    result.device = take("device");
    result.dtype = take("dtype");
    options_from_json(record, result.request.options);
    // What a record does not say would be made up from today's defaults.
    EditOptions::visit(result.request.options,
                       [](const char* option, const auto& value, const auto&...) {
                         if (!value) throw std::runtime_error(text("it does not say --", option));
                       });
    return result;
  } catch (const std::exception& error) {
    throw refuse(error.what());
  }
}

}  // namespace ip2p
