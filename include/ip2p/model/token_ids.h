// token_ids.h - an instruction as the text encoder takes it.
#pragma once

#include <string>

#include <torch/types.h>

#include "ip2p/model/manifest.h"
#include "ip2p/text/tokenizer.h"

namespace ip2p {

/// Tokens as (1,T) int64. Error{model} when one is not below `vocabulary`; `file` is the
/// tokenizer's, for the sentence.
torch::Tensor checked_ids(const Tokens& tokens, std::int64_t vocabulary, const BundleFile& file);

/// The ids of an instruction's tokens, (1,T) int64. Error{model} when the tokenizer gives one that
/// the bundle's vocabulary does not have.
torch::Tensor token_ids(const Tokenizer& tokenizer, const std::string& instruction,
                        const Manifest& manifest);

}  // namespace ip2p
