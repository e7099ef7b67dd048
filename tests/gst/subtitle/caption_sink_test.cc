// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/caption_sink.h"

#include <gtest/gtest.h>

namespace npu::subtitle {
namespace {

class CaptionSinkTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  void SetUp() override {
    gst_bin_add(GST_BIN(pipeline_.get()), GST_ELEMENT(gst_object_ref(sink_.element())));
    ASSERT_EQ(gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  }
  void TearDown() override { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

  CaptionSink sink_;
  gst::ObjectPtr<GstElement> pipeline_{GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))};
};

TEST_F(CaptionSinkTest, KeepsPlayingThroughAFlush) {
  const gst::ObjectPtr<GstPad> pad(gst_element_get_static_pad(sink_.element(), "sink"));
  for (GstEvent* event : {gst_event_new_flush_start(), gst_event_new_flush_stop(TRUE)}) {
    ASSERT_TRUE(gst_pad_send_event(pad.get(), event));
    GstState state = GST_STATE_NULL, pending = GST_STATE_NULL;
    EXPECT_EQ(gst_element_get_state(sink_.element(), &state, &pending, 0),
              GST_STATE_CHANGE_SUCCESS);
    EXPECT_EQ(state, GST_STATE_PLAYING);
    EXPECT_EQ(pending, GST_STATE_VOID_PENDING);
  }
}

}  // namespace
}  // namespace npu::subtitle
