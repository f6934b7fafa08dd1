// example.h - what a model learns from: pairs of pictures with the words that lead from one to the
// other.
#pragma once

#include <string>
#include <vector>

#include "ip2p/base/files.h"

namespace ip2p {

/// A triplet of the paper's section 3.
struct Example {
  fs::path input;
  fs::path edited;
  std::vector<std::string> instructions;  ///< one or more; one is drawn each time
  bool whole = false;                     ///< the edit depends on the frame: never seen as a crop
};

/// Reads the list of examples, not their pictures. Three layouts:
///  - a Hugging Face image folder, or a .jsonl file of the same lines: metadata.jsonl with
///    `input_image`, `edited_image` (relative to the file) and `edit_prompt` (a string or a list of
///    strings), and optionally `whole`; other keys are metadata and are left alone;
///  - the original repository's: seeds.json, [[folder, [seed, ...]], ...], and in each folder
///    prompt.json (`edit`, and `input`/`caption`, `output`) and SEED_0.jpg, SEED_1.jpg;
///  - the same without seeds.json: every sub-folder that has a prompt.json, in name order, with
///    the seeds that both pictures exist for.
/// Order is that of the file. Error{file} names the file and line, what was expected and what to
/// do; also when there are no examples. A picture that is missing is no error here: the reader of
/// pictures counts it as damaged.
std::vector<Example> read_examples(const fs::path& path);

}  // namespace ip2p
