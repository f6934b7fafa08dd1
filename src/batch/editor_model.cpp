// editor_model.cpp - the engine's tasks as the editor's items.
#include "ip2p/batch/editor_model.h"

#include <map>

#include <ATen/Parallel.h>

#include "ip2p/base/error.h"
#include "ip2p/edit/editor.h"
#include "ip2p/model/bundle.h"
#include "ip2p/model/compute_errors.h"

namespace ip2p {
namespace {

class EditorModel : public BatchModel {
 public:
  EditorModel(Editor editor, int threads) : editor_(std::move(editor)), threads_(threads) {}

  std::vector<Image> edit(std::span<const ReadyTask> tasks) override {
    if (threads_ > 0) at::set_num_threads(threads_);  // of the calling thread's own team
    std::vector<EditItem> items;
    for (const ReadyTask& ready : tasks)
      items.push_back(
          {.input = ready.input, .request = ready.task.request, .input_key = key_of(ready)});
    return editor_.edit_together(items);
  }

 private:
  /// The picture as it was fitted: its file, and what decides its size.
  static std::string key_of(const ReadyTask& ready) {
    const EditOptions& options = ready.task.request.options;
    return text(ready.input_hash, ' ', *options.resolution, ' ', *options.size_mode);
  }

  Editor editor_;
  int threads_;
};

}  // namespace

LoadedModels load_models(const fs::path& folder, const std::vector<std::string>& devices,
                         const std::string& dtype, int cpu_threads, const Rewrites& rewrites) {
  LoadedModels loaded;
  std::map<std::string, Bundle> bundles;
  for (const std::string& device : devices) {
    const Placement placement = place(device, dtype, rewrites);
    try {
      const std::string name = device_name(placement.device);
      if (!bundles.contains(name)) {
        bundles.emplace(name, Bundle(folder, placement));
        loaded.placed.push_back(name);
      }
      Editor editor(bundles.at(name));  // copies share the weights
      loaded.device = editor.device();
      loaded.dtype = editor.dtype();
      loaded.models.push_back(std::make_unique<EditorModel>(
          std::move(editor), placement.device.is_cpu() ? cpu_threads : 0));
    } catch (...) {
      rethrow_compute_error(device_name(placement.device), text("loading ", folder));
    }
  }
  if (devices.size() > 1 && loaded.device.starts_with("cuda")) loaded.device = "cuda";
  return loaded;
}

}  // namespace ip2p
