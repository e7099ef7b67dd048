// SPDX-License-Identifier: LGPL-2.1-or-later
#include "timeline_contract.h"

#include <algorithm>

namespace npu::testing {
namespace {

void expect_fit_text(const std::string& text) {
  EXPECT_FALSE(text.empty());
  EXPECT_TRUE(g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr)) << text;
  EXPECT_EQ(text.find("-->"), std::string::npos) << text;
  EXPECT_EQ(text.find("\n\n"), std::string::npos) << text;
  EXPECT_NE(text.front(), ' ') << text;
  EXPECT_NE(text.front(), '\n') << text;
  EXPECT_NE(text.back(), '\n') << text;
  EXPECT_NE(text.back(), ' ') << text;
  EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
  })) << text;
}

void expect_flagged(const Output& gap) {
  EXPECT_LE(gap.duration, GST_SECOND / 2);
  GstGapFlags flags{};
  gst_event_parse_gap_flags(gap.raw.get(), &flags);
  EXPECT_EQ(flags, GST_GAP_FLAG_MISSING_DATA);
}

}  // namespace

void expect_contract(const std::vector<Output>& outputs, GstClockTime start) {
  GstClockTime at = start;
  int segments = 0;
  for (const Output& output : outputs) {
    if (output.event == GST_EVENT_SEGMENT && ++segments > 1) {
      const GstSegment* segment = nullptr;
      gst_event_parse_segment(output.raw.get(), &segment);
      at = segment->start;
    }
    if (!output.is_cue() && output.event != GST_EVENT_GAP) continue;
    EXPECT_EQ(output.pts, at);
    ASSERT_TRUE(GST_CLOCK_TIME_IS_VALID(output.duration));
    EXPECT_GT(output.duration, 0U);
    at = output.pts + output.duration;
    if (output.is_cue())
      expect_fit_text(output.text);
    else
      expect_flagged(output);
  }
}

std::vector<Output> only(std::vector<Output> outputs, GstEventType event) {
  std::erase_if(outputs, [event](const Output& output) { return output.event != event; });
  return outputs;
}

std::vector<std::string> summary(const std::vector<Output>& outputs) {
  std::vector<std::string> lines;
  for (const Output& output : outputs)
    if (output.is_cue()) lines.push_back(text(output.pts, " ", output.duration, " ", output.text));
  return lines;
}

}  // namespace npu::testing
