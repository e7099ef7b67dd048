// SPDX-License-Identifier: LGPL-2.1-or-later
// Where pieces are cut, and when.
#include "whisper/piece.h"

#include <gtest/gtest.h>

#include <random>

#include "model/dims.h"
#include "model/mel_filters.h"

namespace npu {
namespace {

TEST(QuietestCut, IsTheMiddleOfThePause) {
  std::vector<float> energies(300, 5.0F);
  std::fill(energies.begin() + 240, energies.begin() + 260, 0.01F);
  EXPECT_EQ(quietest_cut(energies, 180), 250);
}

TEST(QuietestCut, LooksOnlyBehindTheLeast) {
  std::vector<float> energies(300, 5.0F);
  std::fill(energies.begin() + 100, energies.begin() + 150, 0.0F);
  std::fill(energies.begin() + 220, energies.begin() + 240, 1.0F);
  EXPECT_EQ(quietest_cut(energies, 180), 230);
}

TEST(QuietestCut, IsTheLatestOfEquals) {
  EXPECT_EQ(quietest_cut(std::vector<float>(300, 1.0F), 180), 290);
}

TEST(QuietestCut, OfTooLittleIsTheEnd) {
  EXPECT_EQ(quietest_cut(std::vector<float>(100, 1.0F), 90), 100);
  EXPECT_EQ(quietest_cut({}, 0), 0);
}

// Noise with pauses of 300 ms that begin at these seconds.
class Cuts : public ::testing::Test {
 protected:
  Cuts() : filters_(slaney_mel_filters(80)), features_(filters_, 80, Normalisation::kRunning) {}

  void push(double seconds, const std::vector<double>& pauses = {}) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(-0.1F, 0.1F);
    std::vector<float> samples(static_cast<size_t>(seconds * kSampleRate));
    for (float& sample : samples) sample = uniform(random);
    for (const double pause : pauses)
      std::fill_n(samples.begin() + static_cast<std::ptrdiff_t>(pause * kSampleRate),
                  3 * kSampleRate / 10, 0.0F);
    features_.push(samples);
  }
  std::optional<Piece> next(int start = 0, int clip_end = 1 << 30) {
    return pieces_.next({start, clip_end, 0}, /*look_ahead=*/0, features_, nullptr);
  }

  MelFilters filters_;
  Features features_;
  Pieces pieces_;
};

TEST_F(Cuts, AreWholeWindowsUnlessALagIsSet) {
  push(29.9);
  EXPECT_FALSE(next());
  push(0.2);
  EXPECT_EQ(next()->frames, kWindowFrames);
  for (const double lag_s : {-1.0, 30.0, 100.0}) {
    pieces_.set_lag(lag_s, false);
    EXPECT_TRUE(pieces_.whole());
  }
}

TEST_F(Cuts, WaitForTheWholeLagAndNoLonger) {
  pieces_.set_lag(4, false);
  push(3.9);
  EXPECT_FALSE(next());
  push(0.1);
  const auto piece = next();
  ASSERT_TRUE(piece);
  EXPECT_LE(piece->heard, 400);
  EXPECT_LE(piece->frames, piece->heard);
}

TEST_F(Cuts, FallIntoThePauseOfTheLastTwoFifths) {
  pieces_.set_lag(4, false);
  push(4, {1, 3});
  const auto piece = next();
  ASSERT_TRUE(piece);
  EXPECT_GE(piece->frames, 300);
  EXPECT_LE(piece->frames, 330);
}

TEST_F(Cuts, DoNotDependOnWhatComesLater) {
  pieces_.set_lag(4, false);
  push(4, {2.8});
  const int expected = next()->frames;
  push(20, {1});
  EXPECT_EQ(next()->frames, expected);
}

TEST_F(Cuts, AreLongerForWhoeverIsBehind) {
  pieces_.set_lag(4, true);
  push(16, {3, 12});
  const auto piece = next();
  EXPECT_GE(piece->frames, 1200);
  EXPECT_LE(piece->frames, 1230);
  push(60);
  EXPECT_LE(next()->heard, kWindowFrames);
}

TEST_F(Cuts, EndWithTheInputAndWithTheClip) {
  pieces_.set_lag(4, false);
  push(2);
  features_.end_input();
  EXPECT_EQ(next(0, features_.content_frames())->frames, 200);
  EXPECT_EQ(next(50, 120)->frames, 70);
}

}  // namespace
}  // namespace npu
