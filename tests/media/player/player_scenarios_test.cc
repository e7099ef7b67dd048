// SPDX-License-Identifier: LGPL-2.1-or-later
// The scenarios seek_forward, seek_backward, scrub_forward_seeking, seek_with_stop, pause_resume,
// change_state_intensive and replay of gst-validate, which Debian does not package, on a player
// with captions.
// NPUWHISPER_TEST_ENGINE=whisper: with the plugin, Whisper base and speech; otherwise with the
// scripted engine and tones.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "corpus.h"
#include "player.h"
#include "scripted_element.h"

namespace npu::testing {
namespace {

constexpr int kFps = 10;
constexpr GstClockTime kFrame = GST_SECOND / kFps;
constexpr int kSeconds = 11;

bool with_whisper() {
  return environment("NPUWHISPER_TEST_ENGINE") == "whisper";
}

// A second of tone, then silence too long for one cue to cross, in turn; or jfk.wav, which is as
// long.
std::string sound() {
  if (with_whisper())
    return "filesrc location=\"" + (data_folder() / "speech" / "jfk.wav").string() +
           "\" ! wavparse";
  return "audiotestsrc wave=ticks freq=200 tick-interval=3200000000 sine-periods-per-tick=200 "
         "apply-tick-ramp=false samplesperbuffer=1600 num-buffers=110 ! "
         "audio/x-raw,format=S16LE,rate=16000";
}

class PlayerWithCaptions : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::filesystem::temp_directory_path() / ("npuwhisper-player-" + random_name());
    std::filesystem::create_directory(folder_);
    const std::string line =
        "qtmux name=m ! filesink location=\"" + file() + "\"  " + sound() +
        " ! queue max-size-time=0 ! m.  videotestsrc pattern=black num-buffers=" +
        std::to_string(kSeconds * kFps) +
        " ! video/x-raw,width=480,height=270,framerate=" + std::to_string(kFps) +
        "/1 ! jpegenc ! queue max-size-time=0 max-size-buffers=0 ! m.";
    const gst::ObjectPtr<GstElement> maker(gst_parse_launch(line.c_str(), nullptr));
    gst_element_set_state(maker.get(), GST_STATE_PLAYING);
    const gst::ObjectPtr<GstBus> bus(gst_element_get_bus(maker.get()));
    const gst::MessagePtr message(gst_bus_timed_pop_filtered(
        bus.get(), 60 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    gst_element_set_state(maker.get(), GST_STATE_NULL);
    ASSERT_TRUE(message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }
  void SetUp() override {
    if (with_whisper() && base_model().empty()) GTEST_SKIP() << "the base model is not there";
  }

  static std::string file() { return (folder_ / "in.mov").string(); }
  static std::string whisper() {
    return with_whisper() ? "language-code=en model=\"" + base_model().string() + "\"" : "";
  }

  // Each frame that lies in a cue has text on it, each that touches none has none.
  static void expect_text_where_the_cues_are(const std::vector<ShownFrame>& frames,
                                             const std::vector<ShownCue>& cues) {
    for (const ShownFrame& frame : frames) {
      const bool inside = std::any_of(cues.begin(), cues.end(), [&](const ShownCue& cue) {
        return cue.start <= frame.start && frame.end <= cue.end;
      });
      const bool touches = std::any_of(cues.begin(), cues.end(), [&](const ShownCue& cue) {
        return cue.start < frame.end && frame.start < cue.end + kFrame;
      });
      if (inside) {
        EXPECT_GT(frame.bright, 20) << "no text at " << frame.start;
      } else if (!touches) {
        EXPECT_EQ(frame.bright, 0) << "text at " << frame.start;
      }
    }
  }

  // `count` frames without a hole, the first at `start`.
  static void expect_frames(const std::vector<ShownFrame>& frames, GstClockTime start,
                            size_t count) {
    ASSERT_EQ(frames.size(), count);
    for (size_t i = 0; i < count; ++i)
      EXPECT_NEAR(static_cast<double>(frames[i].start), static_cast<double>(start + i * kFrame),
                  2e6)
          << i;
  }

  static std::vector<ShownCue> play_all() {
    Player player(file(), whisper(), false);
    player.set_state(GST_STATE_PLAYING);
    EXPECT_TRUE(player.finish()) << player.error();
    return player.cues();
  }

 private:
  static std::string random_name() { return std::to_string(std::random_device{}()); }
  static inline std::filesystem::path folder_;
};

TEST_F(PlayerWithCaptions, ShowsEveryFrameAndEveryCue) {
  Player player(file(), whisper(), false);
  player.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(player.finish()) << player.error();
  EXPECT_GE(player.cues().size(), with_whisper() ? 1U : 4U);
  expect_frames(player.frames(), 0, kSeconds * kFps);
  expect_text_where_the_cues_are(player.frames(), player.cues());
}

TEST_F(PlayerWithCaptions, SeeksForwardWhilePlaying) {
  Player player(file(), whisper(), true);
  ASSERT_NE(player.set_state(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  ASSERT_TRUE(player.settle());
  for (int second = 2; second <= 10; second += 2) {
    player.wait_for_frames(3);
    ASSERT_TRUE(player.seek(second * GST_SECOND)) << second;
    ASSERT_TRUE(player.settle()) << second;
  }
  ASSERT_TRUE(player.finish()) << player.error();
  expect_frames(player.frames(), 10 * GST_SECOND, (kSeconds - 10) * kFps);
  expect_text_where_the_cues_are(player.frames(), player.cues());
}

TEST_F(PlayerWithCaptions, SeeksBackwardWhilePlaying) {
  Player player(file(), whisper(), true);
  player.set_state(GST_STATE_PAUSED);
  ASSERT_TRUE(player.settle());
  ASSERT_TRUE(player.seek(10 * GST_SECOND));
  player.set_state(GST_STATE_PLAYING);
  for (int second = 8; second >= 0; second -= 2) {
    ASSERT_TRUE(player.settle()) << second;
    player.wait_for_frames(3);
    ASSERT_TRUE(player.seek(second * GST_SECOND)) << second;
  }
  ASSERT_TRUE(player.settle());
  player.wait_for_frames(15);
  const std::vector<ShownFrame> frames = player.frames();
  expect_text_where_the_cues_are(frames, player.cues());
  EXPECT_LT(frames.front().start, kFrame);
}

// Each picture of the scrub has its caption, before the next seek.
TEST_F(PlayerWithCaptions, ScrubsForwardWhilePaused) {
  Player player(file(), whisper(), true);
  player.set_state(GST_STATE_PAUSED);
  ASSERT_TRUE(player.settle());
  int with_text = 0;
  for (int step = 1; step <= 20; ++step) {
    const GstClockTime place = step * 5 * kFrame;
    ASSERT_TRUE(player.seek(place)) << step;
    ASSERT_TRUE(player.settle()) << step;
    expect_frames(player.frames(), place, 1);
    expect_text_where_the_cues_are(player.frames(), player.cues());
    with_text += player.frames().front().bright > 20 ? 1 : 0;
  }
  EXPECT_GE(with_text, 5);
}

// Seeks that do not wait for one another: only the last one counts.
TEST_F(PlayerWithCaptions, ScrubsFasterThanItShows) {
  Player player(file(), whisper(), false);
  player.set_state(GST_STATE_PAUSED);
  ASSERT_TRUE(player.settle());
  std::mt19937 random(1);
  std::uniform_int_distribution<GstClockTime> place(0, kSeconds * kFps - 1);
  for (int count = 0; count < 60; ++count) ASSERT_TRUE(player.seek(place(random) * kFrame));
  ASSERT_TRUE(player.seek(0));
  player.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(player.finish()) << player.error();
  EXPECT_EQ(player.cues(), play_all());
  expect_frames(player.frames(), 0, kSeconds * kFps);
  expect_text_where_the_cues_are(player.frames(), player.cues());
}

TEST_F(PlayerWithCaptions, StopsWhereASeekSays) {
  Player player(file(), whisper(), false);
  player.set_state(GST_STATE_PAUSED);
  ASSERT_TRUE(player.settle());
  ASSERT_TRUE(player.seek(5 * GST_SECOND, 9 * GST_SECOND));
  player.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(player.finish()) << player.error();
  expect_frames(player.frames(), 5 * GST_SECOND, 4 * kFps);
  expect_text_where_the_cues_are(player.frames(), player.cues());
  ASSERT_FALSE(player.cues().empty());
  EXPECT_LE(player.cues().back().end, 9 * GST_SECOND);
}

TEST_F(PlayerWithCaptions, PausesAndResumes) {
  Player player(file(), whisper(), true);
  player.set_state(GST_STATE_PLAYING);
  for (size_t frames : {5U, 12U, 13U, 25U}) {
    player.wait_for_frames(frames);
    player.set_state(GST_STATE_PAUSED);
    ASSERT_TRUE(player.settle());
    const GstClockTime position = player.position();
    EXPECT_EQ(player.position(), position);
    player.set_state(GST_STATE_PLAYING);
    ASSERT_TRUE(player.settle());
  }
  player.wait_for_frames(35);
  const std::vector<ShownFrame> frames = player.frames();
  expect_frames(frames, 0, frames.size());
  expect_text_where_the_cues_are(frames, player.cues());
}

TEST_F(PlayerWithCaptions, ChangesStateIntensively) {
  const std::vector<ShownCue> reference = play_all();
  Player player(file(), whisper(), false);
  std::mt19937 random(2);
  std::uniform_int_distribution<int> state(GST_STATE_NULL, GST_STATE_PLAYING);
  std::bernoulli_distribution waits(0.3);
  for (int change = 0; change < 100; ++change) {
    ASSERT_NE(player.set_state(static_cast<GstState>(state(random))), GST_STATE_CHANGE_FAILURE);
    if (waits(random)) {
      ASSERT_TRUE(player.settle()) << change;
    }
  }
  player.set_state(GST_STATE_NULL);
  player.set_state(GST_STATE_PAUSED);
  ASSERT_TRUE(player.settle());
  ASSERT_TRUE(player.seek(0));
  player.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(player.finish()) << player.error();
  EXPECT_EQ(player.cues(), reference);
  expect_frames(player.frames(), 0, kSeconds * kFps);
}

TEST_F(PlayerWithCaptions, PlaysAgainAfterTheEnd) {
  Player player(file(), whisper(), false);
  player.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(player.finish()) << player.error();
  const std::vector<ShownCue> first = player.cues();
  ASSERT_TRUE(player.seek(0));
  ASSERT_TRUE(player.finish()) << player.error();
  EXPECT_EQ(player.cues(), first);
  expect_frames(player.frames(), 0, kSeconds * kFps);
}

}  // namespace
}  // namespace npu::testing

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const bool scripted = npu::testing::environment("NPUWHISPER_TEST_ENGINE") != "whisper";
  if (scripted) npu::testing::hide_plugin();
  gst_init(&argc, &argv);
  if (scripted && !npu::testing::register_scripted_element("", 30)) return 1;
  for (const char* name : {"textoverlay", "jpegdec", "qtdemux"}) {
    GstElementFactory* factory = gst_element_factory_find(name);
    if (!factory) {
      std::printf("skipped: GStreamer has no %s\n", name);
      return 77;
    }
    gst_object_unref(factory);
  }
  return RUN_ALL_TESTS();
}
