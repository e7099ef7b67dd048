// SPDX-License-Identifier: LGPL-2.1-or-later
// The element's side of voice activity detection: finding the detector, and what is told.
#include <gtest/gtest.h>

#include <cstdlib>

#include "element_fixture.h"
#include "vad_weights.h"

namespace npu {
namespace {

using testing::audio_format;
using testing::Element;
using testing::make_audio;
using testing::ns;

// A folder of models that the element sees, with a detector in it or not.
class Vad : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* before = std::getenv("NPUWHISPER_MODELS");
    before_ = before ? before : "";
    setenv("NPUWHISPER_MODELS", folder_.path().c_str(), 1);
  }
  void TearDown() override { setenv("NPUWHISPER_MODELS", before_.c_str(), 1); }

  void install(std::string_view weights) {
    const auto path = folder_.path() / kVadModelName;
    std::filesystem::create_directory(path);
    testing::write_file(path / kVadFileName, weights);
  }
  void install() {
    install(testing::write_safetensors(testing::loudness_detector(), TensorType::kF32).text());
  }

  // Pushes two bursts in 3 s, 100 s into the stream of a segment that began at 90.
  static void play(Element& element) {
    const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_S16, 16000, 1);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = ns(90);
    segment.time = ns(1090);
    element.set_state(GST_STATE_PLAYING);
    element.begin(info, segment);
    const auto audio = make_audio(info, 3, {{0.5, 1}, {2, 2.5}});
    EXPECT_EQ(element.push_audio(info, audio.get(), ns(100)), GST_FLOW_OK);
    element.end();
  }

  static std::string error_of(Element& element) {
    const auto message = element.wait_message(GST_MESSAGE_ERROR);
    if (!message) return "";
    GError* error = nullptr;
    gst_message_parse_error(message.get(), &error, nullptr);
    const std::string text = error->message;
    g_error_free(error);
    return text;
  }

  const testing::TemporaryFolder folder_;
  std::string before_;
};

TEST_F(Vad, AutoUsesADetectorThatIsThere) {
  install();
  Element element;
  play(element);
  EXPECT_TRUE(element.script().detects_speech);
}

TEST_F(Vad, AutoWorksWithoutADetector) {
  Element element;
  play(element);
  EXPECT_FALSE(element.script().detects_speech);
  EXPECT_EQ(element.cues().size(), 2U);
  EXPECT_FALSE(element.find_message(GST_MESSAGE_ERROR));
}

TEST_F(Vad, OffLeavesADetectorAlone) {
  install("not a detector");
  Element element;
  g_object_set(element.get(), "vad", 2, nullptr);
  play(element);
  EXPECT_FALSE(element.script().detects_speech);
  EXPECT_EQ(element.cues().size(), 2U);
}

TEST_F(Vad, OnWithoutADetectorIsAnErrorThatNamesTheCommand) {
  Element element;
  g_object_set(element.get(), "vad", 1, nullptr);
  element.set_state(GST_STATE_READY);
  const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_S16, 16000, 1);
  element.set_state(GST_STATE_PLAYING);
  element.begin(info);
  const auto audio = make_audio(info, 1, {});
  element.push_audio(info, audio.get(), 0);
  EXPECT_NE(error_of(element).find("npuwhisper-models fetch silero-vad"), std::string::npos);
}

// One that is there but broken would otherwise go unnoticed for ever.
TEST_F(Vad, ABrokenDetectorIsAnErrorWithAutoToo) {
  install("not a detector");
  Element element;
  const GstAudioInfo info = audio_format(GST_AUDIO_FORMAT_S16, 16000, 1);
  element.set_state(GST_STATE_PLAYING);
  element.begin(info);
  const auto audio = make_audio(info, 1, {});
  element.push_audio(info, audio.get(), 0);
  EXPECT_NE(error_of(element).find(kVadFileName), std::string::npos);
}

TEST_F(Vad, SpeechIsToldInRunningTimeAndStreamTime) {
  install();
  Element element;
  play(element);
  const struct {
    const char* name;
    double seconds;  // of the audio
  } expected[] = {{"npuwhisper/speech-start", 0.5},
                  {"npuwhisper/speech-end", 1},
                  {"npuwhisper/speech-start", 2},
                  {"npuwhisper/speech-end", 2.5}};
  size_t found = 0;
  while (found < 4) {
    const auto message = element.wait_message(GST_MESSAGE_ELEMENT);
    ASSERT_TRUE(message) << found;
    const GstStructure* told = gst_message_get_structure(message.get());
    if (!g_str_has_prefix(gst_structure_get_name(told), "npuwhisper/speech-")) continue;
    EXPECT_STREQ(gst_structure_get_name(told), expected[found].name);
    guint64 running = 0;
    guint64 stream = 0;
    ASSERT_TRUE(gst_structure_get(told, "running-time", G_TYPE_UINT64, &running, "stream-time",
                                  G_TYPE_UINT64, &stream, nullptr));
    EXPECT_NEAR(static_cast<double>(running), (10 + expected[found].seconds) * 1e9, 2e6);
    EXPECT_NEAR(static_cast<double>(stream), (1100 + expected[found].seconds) * 1e9, 2e6);
    ++found;
  }
}

}  // namespace
}  // namespace npu
