// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of the second pipeline: which stream goes where, what the captions look like as one.
#include <gst/app/gstappsink.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "subtitle/burn_bin.h"
#include "subtitle/caption_feed.h"
#include "subtitle/container.h"
#include "subtitle/matroska_tags.h"
#include "subtitle/stream_plan.h"

namespace npu::subtitle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

class RemuxParts : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
};

struct PlanCase {
  const char* name;
  Container container;
  const char* caps;
  const char* entry;   // of the muxer; empty: it cannot hold the stream
  const char* parser;  // empty: none
};

const PlanCase kPlans[] = {
    {"H264AsItIs", Container::kMatroska,
     "video/x-h264, stream-format=(string)avc, alignment=(string)au, codec_data=(buffer)01, "
     "width=(int)64, height=(int)64, framerate=(fraction)10/1",
     "video_%u", ""},
    {"H264OfTransportStreams", Container::kMatroska,
     "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au, width=(int)64, "
     "height=(int)64, framerate=(fraction)10/1",
     "video_%u", "h264parse"},
    {"AacOfTransportStreams", Container::kMp4,
     "audio/mpeg, mpegversion=(int)4, stream-format=(string)adts, framed=(boolean)true, "
     "channels=(int)2, rate=(int)44100",
     "audio_%u", "aacparse"},
    {"PlainText", Container::kMp4, "text/x-raw, format=(string)utf8", "subtitle_%u", ""},
    {"MarkedUpText", Container::kMatroska, "text/x-raw, format=(string)pango-markup", "subtitle_%u",
     ""},
    {"StylesInMatroska", Container::kMatroska, "application/x-ass, codec_data=(buffer)01",
     "subtitle_%u", ""},
    {"StylesInMp4", Container::kMp4, "application/x-ass, codec_data=(buffer)01", "", ""},
    {"SamplesInMp4", Container::kMp4,
     "audio/x-raw, format=(string)S16LE, layout=(string)interleaved, channels=(int)1, "
     "rate=(int)16000",
     "", ""},
    {"Unheard", Container::kMatroska, "application/x-nonesuch", "", ""},
};

TEST_F(RemuxParts, StreamsAreKeptIfTheContainerCanHoldThem) {
  for (const PlanCase& row : kPlans) {
    const gst::ObjectPtr<GstElement> muxer(GST_ELEMENT(
        gst_object_ref_sink(gst_element_factory_make(muxer_of(row.container), nullptr))));
    if (!muxer) GTEST_SKIP() << "GStreamer has no " << muxer_of(row.container);
    const gst::CapsPtr caps(gst_caps_from_string(row.caps));
    const auto plan = plan_stream(caps.get(), muxer.get());
    ASSERT_EQ(plan.has_value(), row.entry[0] != '\0') << row.name;
    if (!plan) continue;
    EXPECT_STREQ(GST_PAD_TEMPLATE_NAME_TEMPLATE(plan->entry), row.entry) << row.name;
    EXPECT_EQ(plan->parser, row.parser) << row.name;
    EXPECT_EQ(plan->unescape, std::string(row.name) == "MarkedUpText") << row.name;
  }
}

TEST_F(RemuxParts, StreamsHaveNames) {
  const auto name = [](const char* text) {
    return stream_name(gst::CapsPtr(gst_caps_from_string(text)).get());
  };
  EXPECT_EQ(name("audio/x-opus, channels=(int)2"), "audio track (Opus)");
  EXPECT_EQ(name("video/x-vp9"), "video track (VP9)");
  EXPECT_EQ(name("application/x-ass"), "subtitle track (Advanced SubStation Alpha)");
  EXPECT_EQ(name("subpicture/x-pgs").substr(0, 16), "subtitle track (");
}

TEST_F(RemuxParts, TextLosesEntitiesOnce) {
  EXPECT_EQ(unescaped("A &lt; B &amp; &quot;C&quot; it&apos;s &amp;lt; <i>D</i>"),
            "A < B & \"C\" it's &lt; <i>D</i>");
  EXPECT_EQ(unescaped("plain"), "plain");
}

TEST_F(RemuxParts, ContainerFollowsTheMedium) {
  EXPECT_EQ(container_for("a/talk.MP4"), Container::kMp4);
  EXPECT_EQ(container_for("talk.m4v"), Container::kMp4);
  EXPECT_EQ(container_for("talk.mov"), Container::kMatroska);
  EXPECT_EQ(container_for("talk"), Container::kMatroska);
  EXPECT_EQ(find_container("MKV"), Container::kMatroska);
  EXPECT_FALSE(find_container("avi"));
}

// What comes out of a feed: the texts with their times in ms, and the tags before the first.
struct Fed {
  std::vector<std::string> texts;
  std::vector<std::pair<int64_t, int64_t>> times_ms;
  std::string language;
  std::string title;
};

std::string tag(const GstTagList* list, const char* name) {
  char* value = nullptr;
  gst_tag_list_get_string(list, name, &value);
  const gst::CharPtr owned(value);
  return value ? value : "";
}

Fed run_feed(const CaptionFeed& feed) {
  Fed fed;
  const gst::ObjectPtr<GstElement> pipeline(
      GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  GstElement* sink = gst_element_factory_make("appsink", nullptr);
  g_object_set(sink, "sync", FALSE, nullptr);
  gst_bin_add_many(GST_BIN(pipeline.get()), GST_ELEMENT(gst_object_ref(feed.element())), sink,
                   nullptr);
  gst_element_link(feed.element(), sink);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  while (const gst::SamplePtr sample{gst_app_sink_pull_sample(GST_APP_SINK(sink))}) {
    const gst::ObjectPtr<GstPad> pad(gst_element_get_static_pad(sink, "sink"));
    if (const gst::EventPtr tags{gst_pad_get_sticky_event(pad.get(), GST_EVENT_TAG, 0)}) {
      GstTagList* list = nullptr;
      gst_event_parse_tag(tags.get(), &list);
      fed.language = tag(list, GST_TAG_LANGUAGE_CODE);
      fed.title = tag(list, GST_TAG_TITLE);
    }
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    fed.texts.emplace_back(reinterpret_cast<const char*>(map.data), map.size);
    gst_buffer_unmap(buffer, &map);
    fed.times_ms.emplace_back(GST_BUFFER_PTS(buffer) / GST_MSECOND,
                              GST_BUFFER_DURATION(buffer) / GST_MSECOND);
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return fed;
}

TEST_F(RemuxParts, FeedGivesAllCaptionsAndEnds) {
  const CaptionFeed feed({{kSecond, 2 * kSecond, "One"},
                          {2 * kSecond, 3 * kSecond, "Two\r\n\nlines"},
                          {4 * kSecond, 5 * kSecond, "Three"}},
                         "fr");
  const Fed fed = run_feed(feed);
  EXPECT_EQ(fed.texts, (std::vector<std::string>{"One", "Two\nlines", "Three"}));
  // Captions that abut leave 1 ms for the empty sample between them.
  EXPECT_EQ(fed.times_ms,
            (std::vector<std::pair<int64_t, int64_t>>{{1000, 999}, {2000, 1000}, {4000, 1000}}));
  EXPECT_EQ(fed.language, "fr");
  EXPECT_EQ(fed.title, "Auto-generated (French)");
}

TEST_F(RemuxParts, FeedOfAnotherStreamsTextHasNoTags) {
  EXPECT_EQ(run_feed(CaptionFeed({{0, kSecond, "One"}}, std::nullopt)).title, "");
  EXPECT_TRUE(run_feed(CaptionFeed({}, "en")).texts.empty());
}

TEST_F(RemuxParts, BurnBinHasItsPads) {
  Outcome<GstElement*> made = make_burn_bin({18, "Serif 30"});
  if (!made) GTEST_SKIP() << made.failure().message;
  const gst::ObjectPtr<GstElement> bin(GST_ELEMENT(gst_object_ref_sink(*made)));
  for (const char* name : {"sink", "text", "src"}) {
    EXPECT_TRUE(gst::ObjectPtr<GstPad>(gst_element_get_static_pad(bin.get(), name))) << name;
  }
  const gst::ObjectPtr<GstElement> encoder(gst_bin_get_by_name(GST_BIN(bin.get()), "encoder"));
  guint quantizer = 0;
  g_object_get(encoder.get(), "quantizer", &quantizer, nullptr);
  EXPECT_EQ(quantizer, 18U);
}

// An EBML element with a size of one byte.
std::string element(const std::string& id, const std::string& contents) {
  return id + static_cast<char>(0x80 | contents.size()) + contents;
}

std::string tag_file(const std::string& text) {
  const std::string simple =
      element("\x67\xC8", element("\x45\xA3", "TITLE") + element("\x44\x87", text));
  const std::string tags = element("\x12\x54\xC3\x67", element("\x73\x73", simple));
  return element("\x1A\x45\xDF\xA3", "head") + element("\x18\x53\x80\x67", tags);
}

std::string mended(const std::string& bytes) {
  std::string path = testing::TempDir() + "/tags.XXXXXX";
  close(mkstemp(path.data()));
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_TRUE(mend_tags(path));
  std::ostringstream read;
  read << std::ifstream(path, std::ios::binary).rdbuf();
  unlink(path.c_str());
  return read.str();
}

TEST_F(RemuxParts, TagsBecomeTheTextThatWasMeant) {
  const auto padded = [](std::string text, size_t size) {
    text.resize(size, '\0');
    return text;
  };
  EXPECT_EQ(mended(tag_file("\"My\\ Film\"")), tag_file(padded("My Film", 10)));
  EXPECT_EQ(mended(tag_file(std::string("\"a\\ \\303\\266\"\0", 13))),
            tag_file(padded("a \xC3\xB6", 13)));
  // What was written as it is stays: without quotes, with quotes of its own, cut off.
  for (const char* text : {"Film", "", "\"", "\"Heroes\"", "\"My\\ Film", "\"a b\""}) {
    EXPECT_EQ(mended(tag_file(text)), tag_file(text)) << text;
  }
}

TEST_F(RemuxParts, FilesThatAreNotMatroskaStay) {
  const std::string whole = tag_file("\"My\\ Film\"");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(mended(whole.substr(0, size)).size(), size);
  }
  EXPECT_EQ(mended(std::string(64, '\0')), std::string(64, '\0'));
  EXPECT_EQ(mended("RIFF....WAVE"), "RIFF....WAVE");
  EXPECT_FALSE(mend_tags("/nowhere/talk.mkv"));
}

}  // namespace
}  // namespace npu::subtitle
