// limits.cpp - a limit and its metric side by side.
#include "ip2p/compare/limits.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ip2p/base/error.h"
#include "ip2p/compare/flip.h"
#include "ip2p/compare/ssim.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* pixels_over_key = "pixels_over";

template <class Value>
std::optional<Value> number(std::string_view words) {
  Value value{};
  const auto [end, failed] = std::from_chars(words.data(), words.data() + words.size(), value);
  if (failed != std::errc() || end != words.data() + words.size()) return std::nullopt;
  return value;
}

/// `name`: what the user knows it by.
void check(const PixelsOver& over, std::string_view name) {
  if (!PixelsOver::value_range.allows(over.value) || !PixelsOver::share_range.allows(over.share))
    throw Error(Exit::usage,
                text(name, ": expected a value from ", PixelsOver::value_range.expected(),
                     " and a share from ", PixelsOver::share_range.expected(), ", got ", over.value,
                     " and ", over.share));
}

PixelsOver pixels_over_from(const Json& json) {
  if (!json.is_object() || json.size() != 2 || !json.contains("value") || !json.contains("share") ||
      !json.at("value").is_number_integer() || !json.at("share").is_number())
    throw Error(Exit::usage, text(pixels_over_key,
                                  ": expected {\"value\": 8, \"share\": 0.01}, got ", json.dump()));
  const PixelsOver over{.value = json.at("value").get<std::int64_t>(),
                        .share = json.at("share").get<double>()};
  check(over, pixels_over_key);
  return over;
}

/// The picture with the reference's pixels where none counts.
Image with_only(const Image& picture, const Image& reference, const Counted& counted) {
  Image result = picture;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (counted[i] != 0) continue;
    for (std::size_t c = 3 * i; c < 3 * i + 3; ++c) result.rgb[c] = reference.rgb[c];
    if (!result.alpha.empty() && !reference.alpha.empty()) result.alpha[i] = reference.alpha[i];
  }
  return result;
}

/// `picture` is the reference where nothing that counts has changed.
void measure_clip(Metrics& metrics, MetricChoice choice, const Image& reference,
                  const Image& picture, const ClipSubject& clip) {
  const bool has_all = clip.features && (!choice.clip_direction || (clip.input && clip.captions));
  if (!has_all) throw Error(Exit::bug, "CLIP metrics without features, input or captions");
  if (choice.clip_image)
    metrics.clip_image = &picture == &reference ? 1.0
                                                : cosine(clip.features->of_picture(reference),
                                                         clip.features->of_picture(picture));
  if (choice.clip_direction)
    metrics.clip_direction =
        change_similarity({.before = clip.features->of_picture(*clip.input),
                           .after = clip.features->of_picture(picture)},
                          {.before = clip.features->of_text(clip.captions->before),
                           .after = clip.features->of_text(clip.captions->after)});
}

}  // namespace

PixelsOver PixelsOver::parse(const std::string& words) {
  const std::size_t colon = words.find(':');
  if (colon != std::string::npos) {
    const std::string_view all = words;
    const auto value = number<std::int64_t>(all.substr(0, colon));
    const auto share = number<double>(all.substr(colon + 1));
    if (value && share) {
      const PixelsOver over{.value = *value, .share = *share};
      check(over, "--pixels-over");
      return over;
    }
  }
  throw Error(Exit::usage,
              text("--pixels-over: expected VALUE:SHARE, such as 8:0.01 for at most 1 % "
                   "of the pixels by more than 8 of 255, got \"",
                   words, "\""));
}

bool Limits::any() const {
  bool found = pixels_over.has_value();
  visit(*this, [&found](const char*, const auto& field, const auto&...) {
    found = found || field.has_value();
  });
  return found;
}

Limits Limits::or_else(const Limits& other) const {
  return {.max_abs = max_abs ? max_abs : other.max_abs,
          .mean_abs = mean_abs ? mean_abs : other.mean_abs,
          .pixels_over = pixels_over ? pixels_over : other.pixels_over,
          .psnr_db = psnr_db ? psnr_db : other.psnr_db,
          .ssim = ssim ? ssim : other.ssim,
          .flip = flip ? flip : other.flip,
          .clip_image = clip_image ? clip_image : other.clip_image,
          .clip_direction = clip_direction ? clip_direction : other.clip_direction};
}

Limits limits_from_json(const Json& json) {
  if (!json.is_object()) detail::throw_wrong_type("limits", "an object", json);
  Limits limits;
  std::vector<std::string> known;
  Limits::visit(limits, [&](const char* name, auto& field, const char*, const auto& range) {
    const std::string& key = known.emplace_back(json_key(name));
    if (!json.contains(key)) return;
    detail::take(key, json.at(key), field);
    using Value = typename ValueOf<std::remove_reference_t<decltype(field)>>::type;
    if (!detail::allowed(*field, range))
      detail::throw_wrong_type(key, expectation<Value>(range), json.at(key));
  });
  known.emplace_back(pixels_over_key);
  if (json.contains(pixels_over_key))
    limits.pixels_over = pixels_over_from(json.at(pixels_over_key));
  for (const auto& item : json.items())
    if (std::ranges::find(known, item.key()) == known.end())
      throw Error(Exit::usage,
                  text("unknown limit \"", item.key(), "\"; known: ", Choices(known).joined()));
  return limits;
}

Json limits_to_json(const Limits& limits) {
  Json json = options_to_json(limits);
  if (limits.pixels_over)
    json[pixels_over_key] = {{"value", limits.pixels_over->value},
                             {"share", limits.pixels_over->share}};
  return json;
}

Metrics measure(const Image& reference, const Image& picture, MetricChoice choice,
                const Counted& counted, const ClipSubject& clip) {
  Metrics metrics;
  metrics.pixels = pixel_difference(reference, picture, counted);
  if (!choice.ssim && !choice.flip && !choice.clip()) return metrics;
  // Most pictures in a suite are equal to their reference.
  const bool is_equal = metrics.pixels.mean_square == 0;
  const bool is_same = metrics.pixels.worst.value == 0;  // in alpha too, which CLIP sees
  const Image compared =
      is_same || counted.empty() ? Image{} : with_only(picture, reference, counted);
  const Image& other = compared.rgb.empty() ? picture : compared;
  if (choice.ssim) metrics.ssim = is_equal ? 1.0 : ssim(reference, other, counted);
  if (choice.flip) metrics.flip = is_equal ? 0.0 : flip(reference, other, counted);
  if (choice.clip()) measure_clip(metrics, choice, reference, is_same ? reference : other, clip);
  return metrics;
}

std::vector<Judged> judge(const Metrics& metrics, const Limits& limits) {
  std::vector<Judged> judged;
  const auto at_most = [&judged](const char* metric, double found, double limit) {
    judged.push_back({.metric = metric,
                      .found = found,
                      .limit = limit,
                      .at_least = false,
                      .holds = found <= limit});
  };
  const auto at_least = [&judged](const char* metric, double found, double limit) {
    judged.push_back({.metric = metric,
                      .found = found,
                      .limit = limit,
                      .at_least = true,
                      .holds = found >= limit});
  };
  const auto measured = [](const char* metric, const std::optional<double>& found) {
    if (!found) throw Error(Exit::bug, text(metric, " was not measured"));
    return *found;
  };
  const PixelDifference& pixels = metrics.pixels;
  if (limits.max_abs) at_most("max_abs", pixels.worst.value, static_cast<double>(*limits.max_abs));
  if (limits.mean_abs) at_most("mean_abs", pixels.mean_abs, *limits.mean_abs);
  if (limits.pixels_over)
    at_most("pixels_over", pixels.share_over(static_cast<int>(limits.pixels_over->value)),
            limits.pixels_over->share);
  if (limits.psnr_db) at_least("psnr_db", pixels.psnr_db(), *limits.psnr_db);
  if (limits.ssim) at_least("ssim", measured("ssim", metrics.ssim), *limits.ssim);
  if (limits.flip) at_most("flip", measured("flip", metrics.flip), *limits.flip);
  if (limits.clip_image)
    at_least("clip_image", measured("clip_image", metrics.clip_image), *limits.clip_image);
  if (limits.clip_direction)
    at_least("clip_direction", measured("clip_direction", metrics.clip_direction),
             *limits.clip_direction);
  return judged;
}

Json measures_to_json(const Metrics& metrics, const std::vector<Judged>& judged) {
  const auto finite = [](double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
  };
  const PixelDifference& pixels = metrics.pixels;
  Json json{{"max_abs", pixels.worst.value},
            {"worst",
             {{"x", pixels.worst.x},
              {"y", pixels.worst.y},
              {"channel", std::string(1, pixels.worst.channel)}}},
            {"mean_abs", pixels.mean_abs},
            {"differing_share", pixels.share_over(0)},
            {"psnr_db", finite(pixels.psnr_db())}};
  if (metrics.ssim) json["ssim"] = *metrics.ssim;
  if (metrics.flip) json["flip"] = *metrics.flip;
  if (metrics.clip_image) json["clip_image"] = *metrics.clip_image;
  if (metrics.clip_direction) json["clip_direction"] = *metrics.clip_direction;
  for (const Judged& each : judged)
    json["limits"].push_back({{"metric", each.metric},
                              {"found", finite(each.found)},
                              {"limit", each.limit},
                              {"at_least", each.at_least},
                              {"holds", each.holds}});
  return json;
}

MetricChoice needed(const Limits& limits) {
  return {.ssim = limits.ssim.has_value(),
          .flip = limits.flip.has_value(),
          .clip_image = limits.clip_image.has_value(),
          .clip_direction = limits.clip_direction.has_value()};
}

std::string mismatch(const Image& reference, const Image& picture) {
  if (reference.width != picture.width || reference.height != picture.height)
    return text("is ", picture.width, "x", picture.height, ", not ", reference.width, "x",
                reference.height);
  if (!reference.alpha.empty() && picture.alpha.empty()) return "has lost its alpha";
  if (reference.alpha.empty() && !picture.alpha.empty())
    return "has an alpha channel, and its reference has none";
  return "";
}

}  // namespace ip2p
