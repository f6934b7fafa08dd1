// run_record.h - what a run came to, kept in its folder: for reports, for --only-failed, and for
// approving.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ip2p/regress/run.h"

namespace ip2p {

/// A case as it was judged, without what was measured.
struct KeptResult {
  std::string name;
  Verdict verdict = Verdict::errors;
  std::string picture;  ///< below the run's folder; empty when nothing was made
  std::string sha256;   ///< of the picture's file
  std::string bundle_hash;
  BackEnd back_end;
};

struct RunRecord {
  std::string bundle_name;
  std::string bundle_hash;
  std::vector<KeptResult> results;  ///< of this run, and then of earlier ones
};

/// As reports and JSON have them: "pass", "fail", "new", "error", "orphan".
std::string verdict_name(Verdict verdict);

/// What made a run's pictures.
struct RunOrigin {
  const Manifest& manifest;
  BackEnd back_end;
  std::string clip_name{};  ///< of the CLIP bundle that measured; empty: none did
  std::string clip_hash{};
};

/// A run whose pictures are in or below `folder`: what made it, and of each case the request,
/// verdict, reason, reference and measures.
nlohmann::ordered_json run_to_json(const fs::path& folder, const std::vector<CaseResult>& results,
                                   const RunOrigin& origin);

/// What run.json of the folder says of cases, in "results" and in "earlier", as it belongs into
/// "earlier" of the next: each with the bundle, device and dtype of its own run. Those whose name
/// `is_kept`; none where there is no run. Error{file} as read_run.
nlohmann::ordered_json earlier_results(const fs::path& folder,
                                       const std::function<bool(const std::string& name)>& is_kept);

/// Where runs of a suite are where nobody says otherwise.
fs::path usual_run_folder(const fs::path& suite);

/// Where a run's folder has that.
fs::path run_file(const fs::path& folder);

/// Writes it, whole or not at all. Error{file}.
void write_run(const fs::path& path, const nlohmann::ordered_json& run);

/// Error{file} when the folder holds no run, or one that this ip2p cannot read: also one whose
/// device or dtype is none, or that names a picture outside of the folder or a link.
RunRecord read_run(const fs::path& folder);

}  // namespace ip2p
