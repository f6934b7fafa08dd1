// html_report_test.cpp - which pictures a report has, and what it says where there are none.
#include "ip2p/regress/html_report.h"

#include <string>

#include <gtest/gtest.h>

#include "ip2p/image/read.h"
#include "ip2p/image/write.h"

#include "support/temporary_folder.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

Image grey(int width, std::uint8_t level) {
  constexpr int height = 3;
  return {.width = width,
          .height = height,
          .rgb = Bytes(static_cast<std::size_t>(width) * height * 3, level),
          .alpha = {},
          .exif = {}};
}

/// A suite of one case, and a run of it.
class OneCase {
 public:
  OneCase() {
    suite_.folder = folder_ / "suite";
    fs::create_directories(folder_ / "suite/cases/a b/ref");
    Case& made = suite_.cases.emplace_back();
    made.name = "a b";
    made.input = written("input.tiff", grey(4, 9), OutputFormat::tiff);
    made.references = {written("ref/x.png", grey(4, 100), OutputFormat::png)};
    result_.name = made.name;
    result_.verdict.verdict = Verdict::fails;
    result_.verdict.reference = made.references.front();
  }

  fs::path written(const std::string& name, const Image& picture, OutputFormat format,
                   const std::string& record = "") {
    const fs::path path = folder_ / "suite/cases/a b" / name;
    write_atomically(path, encode_image(picture, {.format = format, .record = record}),
                     Existing::replace);
    return path;
  }

  /// The case, as the page has it.
  Json report() {
    ReportFolder report(folder_ / "report");
    write_html_report(report, suite_, folder_ / "suite/runs/last", {result_},
                      {{"results", {{{"verdict", "fail"}}}}});
    const Bytes bytes = read_file(report.page());
    const std::string page(bytes.begin(), bytes.end());
    const std::string begin = "type=\"application/json\">";
    const std::size_t from = page.find(begin) + begin.size();
    const Json data = Json::parse(page.substr(from, page.find("</script>", from) - from));
    EXPECT_EQ(data.at("approve"), "ip2p regress approve " + suite_.folder.string());
    return data.at("results").at(0);
  }

  [[nodiscard]] Image shown(const Json& picture) const {
    return read_image(folder_ / "report" / picture.at("file").get<std::string>());
  }

  Suite& suite() { return suite_; }
  CaseResult& result() { return result_; }

 private:
  test::TemporaryFolder folder_;
  Suite suite_;
  CaseResult result_;
};

TEST(HtmlReport, HasAllPicturesOfACaseInFormatsThatBrowsersShow) {
  OneCase one;
  one.result().picture = one.written("made.png", grey(4, 101), OutputFormat::png);
  const Json found = one.report();
  EXPECT_EQ(one.shown(found.at("pictures").at("input")).rgb, grey(4, 9).rgb);
  EXPECT_TRUE(found.at("pictures").at("input").at("file").get<std::string>().ends_with(".png"));
  EXPECT_EQ(one.shown(found.at("pictures").at("reference")).rgb, grey(4, 100).rgb);
  EXPECT_EQ(one.shown(found.at("pictures").at("output")).rgb, grey(4, 101).rgb);
  EXPECT_EQ(one.shown(found.at("pictures").at("differences")).width, 4);
  EXPECT_EQ(found.at("equal"), false);
  EXPECT_EQ(found.at("word"), "'a b'");
}

TEST(HtmlReport, EqualPixelsAreEqualWhateverElseIsInTheFiles) {
  OneCase one;
  one.result().picture = one.written("made.png", grey(4, 100), OutputFormat::png, "{\"a\":1}");
  const Json found = one.report();
  EXPECT_NE(found.at("pictures").at("output").at("file"),
            found.at("pictures").at("reference").at("file"));
  EXPECT_EQ(found.at("equal"), true);
  EXPECT_FALSE(found.at("pictures").contains("differences"));
}

TEST(HtmlReport, PicturesOfTwoSizesHaveNoDifferences) {
  OneCase one;
  one.result().picture = one.written("made.png", grey(5, 100), OutputFormat::png);
  const Json found = one.report();
  EXPECT_FALSE(found.contains("equal"));
  EXPECT_FALSE(found.at("pictures").contains("differences"));
}

TEST(HtmlReport, AReferenceThatIsDamagedIsASentence) {
  OneCase one;
  one.result().picture = one.written("made.png", grey(4, 100), OutputFormat::png);
  const fs::path path = one.result().verdict.reference;
  const Bytes whole = read_file(path);
  write_atomically(path, ByteSpan(whole).first(whole.size() - 20), Existing::replace);
  Json found = one.report();
  EXPECT_NE(found.at("pictures").at("reference").at("trouble").get<std::string>().find("x.png"),
            std::string::npos);
  write_atomically(path, Bytes{'n', 'o'}, Existing::replace);
  found = one.report();
  EXPECT_FALSE(found.at("pictures").at("reference").contains("file"));
  fs::remove(path);
  EXPECT_TRUE(one.report().at("pictures").at("reference").contains("trouble"));
}

TEST(HtmlReport, WhereNothingWasComparedWhatIsApprovedIsShown) {
  OneCase one;
  one.result().verdict.reference.clear();
  EXPECT_TRUE(one.report().at("pictures").contains("reference"));
  EXPECT_FALSE(one.report().contains("word"));
  one.suite().cases.clear();  // an orphan
  EXPECT_TRUE(one.report().at("pictures").contains("reference"));
}

}  // namespace
}  // namespace ip2p
