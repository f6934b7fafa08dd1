// approve.h - a picture that a run made becomes what its case expects.
#pragma once

#include <string>
#include <vector>

#include "ip2p/regress/run_record.h"
#include "ip2p/regress/suite.h"

namespace ip2p {

/// What approving one case will do.
struct Approval {
  std::string name;       ///< of the case
  fs::path picture;       ///< in the run's folder
  std::string sha256;     ///< of it, as the run kept it
  fs::path reference;     ///< where it goes: ref/DEVICE-DTYPE.png of the case
  bool replaces = false;  ///< there is one; others of the case stay
};

/// Those of the run's pictures whose cases are named, or, with no names, that failed or are new.
/// Error{usage} for a name that is no case of the suite or has no picture in the run; Error{model}
/// for a picture that another bundle than the suite's made; Error{file} for one that is not the one
/// that was judged.
std::vector<Approval> plan_approval(const Suite& suite, const fs::path& run_folder,
                                    const RunRecord& run, const std::vector<std::string>& names);

/// Those of all cases, for a suite that moves to the run's bundle as a whole: all must be there, of
/// that bundle and without an error. Error{usage} else, and when it is the suite's already.
std::vector<Approval> plan_new_bundle(const Suite& suite, const fs::path& run_folder,
                                      const RunRecord& run);

/// Error{model} when that is not the suite's bundle, with the way to make it so.
void check_bundle(const Suite& suite, const std::string& hash);

/// Copies the picture and then appends who, when and why to approvals.jsonl of the case: killed at
/// any moment, the old or the new picture is there, whole. Error{file} when the picture is not the
/// one that was judged, or there is no room.
void approve(const Approval& approval, const std::string& reason);

}  // namespace ip2p
