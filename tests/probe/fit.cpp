// fit.cpp - sizes, resampling, and the way to the model's picture and back. Pixels travel in raw
// files: rows from the top, three bytes a pixel, or one for alpha.
#include "ip2p/image/fit.h"

#include <fstream>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/base/files.h"
#include "ip2p/image/centre_square.h"

#include "operation.h"

namespace ip2p::probe {
namespace {

Size size_from(const Json& pair) {
  return {pair.at(0).get<int>(), pair.at(1).get<int>()};
}
Json json_of(Size size) {
  return {size.width, size.height};
}

/// {"size": [W, H], "rgb": PATH, "alpha": PATH or none}
Image picture_from(const Json& json) {
  const auto [width, height] = size_from(json.at("size"));
  Image image{.width = width,
              .height = height,
              .rgb = read_file(json.at("rgb").get<std::string>()),
              .alpha = {},
              .exif = {}};
  if (json.contains("alpha")) image.alpha = read_file(json.at("alpha").get<std::string>());
  return image;
}

void write(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw Error(Exit::file, text("cannot write ", path));
}

/// Writes NAME.rgb and, when there is alpha, NAME.alpha.
Json written(const Image& image, const std::string& name) {
  Json json{{"size", {image.width, image.height}}, {"rgb", name + ".rgb"}};
  write(name + ".rgb", image.rgb);
  if (!image.alpha.empty()) {
    json["alpha"] = name + ".alpha";
    write(name + ".alpha", image.alpha);
  }
  return json;
}

FitRule rule_from(const Json& json) {
  return {.mode = json.at("mode") == "crop" ? SizeMode::crop : SizeMode::pad,
          .resolution = json.at("resolution").get<std::int64_t>(),
          .size_multiple = json.at("size_multiple").get<std::int64_t>(),
          .output_size =
              json.value("output_size", "fit") == "input" ? OutputSize::input : OutputSize::fit};
}

}  // namespace

// {"sizes": [[W, H], ...], "resolution"} -> {"sizes": [[W, H], ...]}; a side may be 0
Json crop_sizes(const Json& request) {
  Json sizes = Json::array();
  for (const Json& size : request.at("sizes"))
    sizes.push_back(json_of(crop_size(size_from(size), request.at("resolution").get<int>())));
  return {{"sizes", std::move(sizes)}};
}

// {"sizes": [[W, H], ...], and a rule} -> {"content": [...], "model": [...], "output": [...]}
Json plan_fit(const Json& request) {
  Json answer{{"content", Json::array()}, {"model", Json::array()}, {"output", Json::array()}};
  for (const Json& size : request.at("sizes")) {
    const FitSizes sizes = fit_sizes(size_from(size), rule_from(request));
    answer["content"].push_back(json_of(sizes.content));
    answer["model"].push_back(json_of(sizes.model));
    answer["output"].push_back(json_of(sizes.output));
  }
  return answer;
}

// {"picture", "to": [W, H], "crop": true or false, "out": NAME} -> {"picture"}
Json resize_picture(const Json& request) {
  const Image image = picture_from(request.at("picture"));
  const auto [width, height] = size_from(request.at("to"));
  const Image result = request.value("crop", false) ? fit_crop(image, width, height)
                                                    : resize_lanczos(image, width, height);
  return {{"picture", written(result, request.at("out").get<std::string>())}};
}

// {"picture", "side", "out": NAME} -> {"picture"}
Json square_picture(const Json& request) {
  const Image result =
      centre_square(picture_from(request.at("picture")), request.at("side").get<int>());
  return {{"picture", written(result, request.at("out").get<std::string>())}};
}

// {"picture", a rule, "out": NAME} -> {"model": what the model sees, "result": the way back after
// an edit that changes nothing}
Json fit_picture(const Json& request) {
  const auto out = request.at("out").get<std::string>();
  const Fitted fitted = fit(picture_from(request.at("picture")), rule_from(request));
  return {{"model", written(fitted.picture, out + "-model")},
          {"result", written(restore(fitted.picture, fitted), out)}};
}

}  // namespace ip2p::probe
