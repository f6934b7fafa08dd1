// item.h - one picture that a batch is to make.
#pragma once

#include <cstdint>
#include <string>

#include "ip2p/edit/options.h"

namespace ip2p {

/// What a job says. A job with several instructions, or a count, is several items.
struct BatchItem {
  std::string id;  ///< of the input, whatever its place: its path below the folder it was found
                   ///< in, its name when it was given as a file, else as the list or stdin has it
  fs::path input;  ///< where it is read
  std::string instruction;
  std::int64_t edit = 1;       ///< number of the instruction among those of its input, from 1
  std::size_t edits = 1;       ///< how many those are
  std::int64_t variation = 0;  ///< number among the count, from 0
  std::int64_t count = 1;      ///< how many those are
  EditOptions options;         ///< those that the job itself gives
  std::string output;      ///< as the job list gives it, below the output folder; "": by template
  std::uint64_t line = 0;  ///< in the job list, from 1; 0 where there is none
};

/// The seed of an item: the one its job gives, plus its variation; else one in [0, 2^32) mixed from
/// the base seed and the input's id, plus its variation. Not its place: another order, shard or
/// resumed run gives the same picture, and so does `ip2p edit --seed` with this number.
std::uint64_t item_seed(const BatchItem& item, std::uint64_t base_seed);

}  // namespace ip2p
