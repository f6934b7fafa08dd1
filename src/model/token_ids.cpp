// token_ids.cpp - an id beyond the embedding would end in an error that names neither, on CUDA one
// that ends the process.
#include "ip2p/model/token_ids.h"

#include <algorithm>

#include <torch/torch.h>

#include "ip2p/base/error.h"

namespace ip2p {

torch::Tensor token_ids(const Tokenizer& tokenizer, const std::string& instruction,
                        const Manifest& manifest) {
  const Tokens tokens = tokenizer.encode(instruction);
  const auto largest = std::ranges::max(tokens.ids);
  if (largest >= manifest.vocabulary)
    throw Error(Exit::model, text(manifest.file("tokenizer").path, " gives the token ", largest,
                                  ", bundle.json says that there are ", manifest.vocabulary,
                                  "; export the bundle again"));
  return torch::tensor(tokens.ids).unsqueeze(0);
}

}  // namespace ip2p
