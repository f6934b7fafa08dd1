// run_record.h - what a run came to, kept in its folder: for reports, for --only-failed, and for
// approving.
#pragma once

#include <string>
#include <vector>

#include "ip2p/regress/run.h"

namespace ip2p {

/// A case as it was judged, without what was measured.
struct KeptResult {
  std::string name;
  Verdict verdict = Verdict::errors;
  std::string picture;  ///< in the run's folder; empty when nothing was made
  std::string sha256;   ///< of the picture's file
};

struct RunRecord {
  std::string bundle_name;
  std::string bundle_hash;
  BackEnd back_end;
  std::vector<KeptResult> results;
};

/// As reports and JSON have them: "pass", "fail", "new", "error", "orphan".
std::string verdict_name(Verdict verdict);

/// A result with its request, verdict, reason, reference and measures.
nlohmann::ordered_json result_json(const CaseResult& result);

/// run.json of the folder: all of the above, whole or not at all. Error{file}.
void write_run(const fs::path& folder, const std::vector<CaseResult>& results,
               const Manifest& manifest, const BackEnd& back_end);

/// Error{file} when the folder holds no run, or one that this ip2p cannot read.
RunRecord read_run(const fs::path& folder);

}  // namespace ip2p
