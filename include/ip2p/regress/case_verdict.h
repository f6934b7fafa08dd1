// case_verdict.h - whether an edit still gives what was approved.
#pragma once

#include <string>
#include <vector>

#include "ip2p/base/error.h"
#include "ip2p/compare/limits.h"
#include "ip2p/regress/suite.h"

namespace ip2p {

/// Where a picture was made, as far as pictures from elsewhere may differ.
struct BackEnd {
  std::string device;  ///< its kind: "cpu", "cuda"
  std::string dtype;   ///< "float32", ...

  bool operator==(const BackEnd&) const = default;
  [[nodiscard]] std::string words() const { return device + " " + dtype; }
};

/// "cpu" of "cpu", "cuda" of "cuda:1".
std::string device_kind(const std::string& device);

/// A picture that a run made, and what made it.
struct MadePicture {
  Image picture;
  BackEnd back_end;
  std::string bundle_hash;
};

/// What a case came to.
enum class Verdict {
  passes,
  fails,   ///< also: of another size, no limits, only references that cannot be used
  added,   ///< nothing is approved yet
  errors,  ///< the edit could not be made, or a reference not be read
  orphan   ///< a folder of a case that has no case.json
};

/// What was measured of a region, or with an empty name of the rest.
struct MeasuredPart {
  std::string region;
  Metrics metrics;
  std::vector<Judged> judged;

  [[nodiscard]] bool holds() const;
};

struct CaseVerdict {
  Verdict verdict = Verdict::errors;
  Exit trouble = Exit::ok;  ///< of Verdict::errors: whose error it is
  std::string reason;       ///< why it does not pass, where no limit says it: a sentence's end
  fs::path reference;       ///< the approved picture that it matches, or the nearest; empty: none
  bool is_cross = false;    ///< that is of another back end
  std::vector<MeasuredPart> parts;
};

/// Verdict::errors.
CaseVerdict error_verdict(Exit trouble, std::string reason);

/// Reads every reference and compares until one matches. A reference counts when it was made by the
/// same bundle and the same back end, or by another back end where the case and its regions have
/// limits for that. What is in an ignored region counts nowhere, what is in another region only
/// there. With `features` the CLIP metrics of the rest are measured, whether or not they have a
/// limit. Errors in reading a reference, a mask or the input are verdicts, and so is a region that
/// judges no pixel.
CaseVerdict judge_case(const Case& judged, const MadePicture& made,
                       const ImageTextFeatures* features = nullptr);

}  // namespace ip2p
