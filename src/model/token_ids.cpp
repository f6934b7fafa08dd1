// token_ids.cpp - an id beyond the embedding would end in an error that names neither, on CUDA one
// that ends the process.
#include "ip2p/model/token_ids.h"

#include <algorithm>

#include <torch/torch.h>

#include "ip2p/base/error.h"

namespace ip2p {

torch::Tensor checked_ids(const Tokens& tokens, std::int64_t vocabulary, const BundleFile& file) {
  const auto largest = std::ranges::max(tokens.ids);
  if (largest >= vocabulary)
    throw Error(Exit::model,
                text(file.path, " gives the token ", largest, ", ", file.kind.manifest,
                     " says that there are ", vocabulary, "; export the bundle again"));
  return torch::tensor(tokens.ids).unsqueeze(0);
}

torch::Tensor token_ids(const Tokenizer& tokenizer, const std::string& instruction,
                        const Manifest& manifest) {
  return checked_ids(tokenizer.encode(instruction), manifest.vocabulary,
                     manifest.file("tokenizer"));
}

}  // namespace ip2p
