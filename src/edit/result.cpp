// result.cpp - the record's keys, and the sizes.
#include "ip2p/edit/result.h"

namespace ip2p {

nlohmann::ordered_json result_json(const std::string& output, const EditRecord& record,
                                   const FitSizes& sizes) {
  nlohmann::ordered_json result{{"output", output}};
  result.update(nlohmann::ordered_json::parse(record.to_json()));
  result["input_width"] = sizes.input.width;
  result["input_height"] = sizes.input.height;
  result["model_width"] = sizes.model.width;
  result["model_height"] = sizes.model.height;
  result["width"] = sizes.output.width;
  result["height"] = sizes.output.height;
  return result;
}

}  // namespace ip2p
