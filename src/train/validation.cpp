// validation.cpp - one number, and pictures side by side: what a loss does not show.
#include "validation.h"

#include <algorithm>
#include <array>
#include <utility>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

#include "square.h"

namespace ip2p {
namespace {

constexpr std::int64_t held_out_batch = 4;
constexpr std::int64_t held_out_examples = 64;
constexpr int columns = 3;

TrainConfig held_out_config(TrainConfig config) {
  config.data = config.validation_data;  // what messages name
  config.drop_image = config.drop_text = config.drop_both = 0;
  config.noisy_bias = 1;
  config.noise_offset = 0;
  config.min_snr.reset();
  config.precision = "float32";
  config.flip = false;
  config.crops.clear();
  config.batch = held_out_batch;
  return config;
}

std::set<std::string_view> trained_parts(const TrainConfig& config) {
  if (config.train_text) return {"unet", "text_encoder"};
  return {"unet"};
}

/// Copies `picture` onto `sheet` with its upper left corner at (left, top).
void place(const Image& picture, int left, int top, Image& sheet) {
  const auto row_bytes = static_cast<std::ptrdiff_t>(picture.width) * 3;
  for (int y = 0; y < picture.height; ++y) {
    const auto from = picture.rgb.begin() + y * row_bytes;
    const auto to = (static_cast<std::ptrdiff_t>(top + y) * sheet.width + left) * 3;
    std::copy(from, from + row_bytes, sheet.rgb.begin() + to);
  }
}

using Row = std::array<Image, columns>;

Image joined(const std::vector<Row>& rows, int side) {
  Image sheet;
  sheet.width = columns * side;
  sheet.height = side * static_cast<int>(rows.size());
  sheet.rgb.resize(static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height) *
                   3);
  int top = 0;
  for (const Row& row : rows) {
    int left = 0;
    for (const Image& picture : row) {
      place(picture, left, top, sheet);
      left += side;
    }
    top += side;
  }
  return sheet;
}

/// The two pictures of an example, or nothing, with a warning.
std::optional<std::pair<Image, Image>> squares(const Example& example, int side) {
  MaybeSquare input = read_square(example.input, side);
  MaybeSquare edited = read_square(example.edited, side);
  if (input.square && edited.square)
    return std::pair(std::move(input.square->image), std::move(edited.square->image));
  log::warn(text("an example is left out of the contact sheets: ",
                 input.square ? edited.failure : input.failure));
  return std::nullopt;
}

/// Nothing, with a warning, when the weights make no numbers of it: training can still recover.
std::optional<Image> edited_by(const Editor& editor, const Image& input, const EditRequest& request,
                               const StepObserver& step) {
  try {
    return editor.edit(input, request, {.step = step, .stage_done = {}});
  } catch (const OutOfMemory&) {
    throw;
  } catch (const Error& error) {
    if (error.exit() != Exit::device) throw;
    log::warn(text("a row of the contact sheet is left out: ", error.what()));
    return std::nullopt;
  }
}

}  // namespace

AveragedModel::AveragedModel(const Learner& learning, const TrainConfig& config)
    : config_(config),
      bundle_(learning.bundle().with_own(trained_parts(config)).without({"vae_encoder"})),
      loss_(bundle_, held_out_config(config)) {}

void AveragedModel::hold_out(const std::vector<Example>& examples, const LatentGrid& grid,
                             const EncodePixels& encode, const ReadingWatch& watch) {
  const std::vector<Example> chosen = spread(examples, held_out_examples);
  ReadingWatch whole_list = watch;
  whole_list.listed = examples.size();
  Batches reader(held_out_config(config_), chosen, grid, encode, {}, 0, whole_list);
  for (std::int64_t i = 0; i < held_out_examples / held_out_batch; ++i)
    batches_.push_back(reader.next());

  const std::int64_t rows = most_rows(config_.resolution);
  if (config_.validation_examples > rows)
    log::info(text("contact sheets show ", rows, " examples: a JPEG has no room for ",
                   config_.validation_examples, " of ", config_.resolution, " pixels"));
  shown_ = spread(examples, std::min(config_.validation_examples, rows));
  editor_.emplace(bundle_.with_own({"vae_encoder", "vae_decoder"}));
}

double AveragedModel::held_out_loss(const StepObserver& before) {
  const torch::NoGradGuard no_grad;
  double sum = 0;
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    before(i, batches_.size());
    sum += loss_.loss(batches_[i]).item<double>();
  }
  return sum / static_cast<double>(batches_.size());
}

std::optional<Image> AveragedModel::contact_sheet(const StepObserver& step) {
  const int side = static_cast<int>(config_.resolution);
  EditOptions wanted;
  wanted.resolution = config_.resolution;
  const EditOptions options = resolve(wanted, editor_->manifest().defaults);
  std::vector<Row> rows;
  std::erase_if(shown_, [&](const Example& example) {
    auto pictures = squares(example, side);
    if (!pictures) return true;
    auto edited =
        edited_by(*editor_, pictures->first,
                  {.instruction = example.instructions.front(), .options = options}, step);
    if (edited)
      rows.push_back({std::move(pictures->first), std::move(*edited), std::move(pictures->second)});
    return false;
  });
  if (rows.empty()) return std::nullopt;
  return joined(rows, side);
}

void AveragedModel::write(const fs::path& folder, const std::string& dtype) const {
  const Manifest& manifest = bundle_.manifest();
  const auto known = [&](const char* key) {
    const auto found = manifest.source.find(key);
    return found == manifest.source.end() ? std::string("unknown") : found->second;
  };
  bundle_.with_own({"vae_encoder", "vae_decoder"})
      .write(folder, dtype == "float16" ? torch::kFloat16 : torch::kFloat32,
             {.name = config_.name.empty() ? manifest.name : config_.name,
              .source = config_.source.empty() ? "trained from " + known("name") : config_.source,
              .licence = config_.licence.empty() ? known("licence") : config_.licence});
}

std::vector<Example> spread(const std::vector<Example>& all, std::int64_t count) {
  const auto size = static_cast<std::int64_t>(all.size());
  count = std::min(count, size);
  std::vector<Example> chosen;
  for (std::int64_t i = 0; i < count; ++i)
    chosen.push_back(all[static_cast<std::size_t>(i * size / count)]);
  return chosen;
}

std::int64_t most_rows(std::int64_t resolution) {
  constexpr std::int64_t jpeg_rows = 65535;
  return std::max<std::int64_t>(jpeg_rows / resolution, 1);
}

}  // namespace ip2p
