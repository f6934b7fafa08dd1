// report_page_test.cpp - data that tries to get out of its place in the page.
#include "ip2p/regress/report_page.h"

#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

/// What stands between the tags of the page's data.
std::string data_of(const std::string& page) {
  const std::string_view begin = "<script id=\"data\" type=\"application/json\">";
  const std::size_t from = page.find(begin) + begin.size();
  return page.substr(from, page.find("</script>", from) - from);
}

std::size_t count(const std::string& page, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = page.find(part); at != std::string::npos; at = page.find(part, at + 1))
    ++found;
  return found;
}

TEST(ReportPage, NothingInTheDataIsMarkup) {
  const Json data{
      {"instruction", "</script><img src=x onerror=alert(1)> <!-- & ' \" \u2028\u2029"}};
  const std::string page = report_page(data);
  EXPECT_THAT(page, Not(HasSubstr("<img src=x")));
  EXPECT_EQ(count(page, "</script>"), count(report_page(Json::object()), "</script>"));
  const std::string found = data_of(page);
  for (const char* raw : {"<", ">", "&", "\u2028", "\u2029"})
    EXPECT_THAT(found, Not(HasSubstr(raw)));
  EXPECT_EQ(Json::parse(found), data);
}

TEST(ReportPage, AMarkOfThePageInTheDataIsNoMark) {
  const Json data{{"case", "<!-- program --><!-- data -->"}};
  EXPECT_EQ(Json::parse(data_of(report_page(data))), data);
}

TEST(ReportPage, WhatIsNotUtf8IsReplaced) {
  const Json found = Json::parse(data_of(report_page({{"case", "a\xff\xfe"}})));
  EXPECT_EQ(found.at("case"), "a\ufffd\ufffd");
}

TEST(ReportPage, LoadsNothingFromANetwork) {
  const std::string page = report_page(Json::object());
  for (const char* part : {"https:", "url(", "@import", "innerHTML", "unsafe-inline"})
    EXPECT_THAT(page, Not(HasSubstr(part)));
  // The one address is a name space's.
  EXPECT_EQ(count(page, "http:"), count(page, "http://www.w3.org/2000/svg"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'; img-src 'self' file:; style-src 'sha256-"));
  EXPECT_THAT(page, HasSubstr("='; script-src 'sha256-"));
}

}  // namespace
}  // namespace ip2p
