// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/cue_segmenter.h"

#include <iterator>

namespace npu::captions {
namespace {

// Also a limit for words that take no time.
constexpr size_t kMostPieces = 400;

}  // namespace

CueSegmenter::CueSegmenter(const CueShape& shape) : pricer_(shape), horizon_ns_(shape.horizon_ns) {}

void CueSegmenter::clear() {
  pieces_.clear();
  divisions_.clear();
}

CueSegmenter::Division CueSegmenter::best_division(size_t end, const Piece* next) const {
  Division best;
  if (next != nullptr && !next->cue_may_begin) return best;
  for (size_t begin = end; begin-- > 0;) {
    const Division& before = divisions_[begin];
    if (!before.possible) continue;
    std::optional<CueCost> cost = pricer_.price(pieces(begin, end), next);
    if (!cost) break;
    *cost += before.cost;
    if (best.possible && *cost >= best.cost) continue;
    best = {true, *cost, begin, begin == 0 ? end : before.first_end};
  }
  return best;
}

void CueSegmenter::add(Piece piece, std::vector<PlannedCue>& decided) {
  const size_t place = pieces_.size();
  divisions_.push_back(place == 0 ? Division{true, {}, 0, 0} : best_division(place, &piece));
  pieces_.push_back(std::move(piece));
  for (size_t end = agreed_end(); end > 0; end = agreed_end()) give_out(end, decided);
  while (waits_too_long()) {
    const size_t end = forced_end();
    if (end == 0) break;
    give_out(end, decided);
    divide_again();
  }
}

void CueSegmenter::end_stretch(std::vector<PlannedCue>& decided) {
  if (pieces_.empty()) return;
  std::vector<size_t> begins;
  for (size_t begin = best_division(pieces_.size(), nullptr).last_begin;;
       begin = divisions_[begin].last_begin) {
    begins.push_back(begin);
    if (begin == 0) break;
  }
  for (size_t index = begins.size(); index-- > 0;) {
    const size_t end = index > 0 ? begins[index - 1] : pieces_.size();
    PlannedCue cue;
    if (index > 0) cue.next_start_ns = pieces_[end].start_ns;
    const auto from = pieces_.begin() + static_cast<std::ptrdiff_t>(begins[index]);
    const auto to = pieces_.begin() + static_cast<std::ptrdiff_t>(end);
    cue.pieces.assign(std::make_move_iterator(from), std::make_move_iterator(to));
    decided.push_back(std::move(cue));
  }
  clear();
}

size_t CueSegmenter::agreed_end() const {
  size_t agreed = 0;
  for (size_t begin = pieces_.size(); begin-- > 0;) {
    const Division& division = divisions_[begin];
    if (!division.possible) continue;
    if (!pricer_.fits(pieces(begin, pieces_.size()))) break;
    if (division.first_end == 0 || (agreed != 0 && division.first_end != agreed)) return 0;
    agreed = division.first_end;
  }
  return agreed;
}

bool CueSegmenter::waits_too_long() const {
  if (pieces_.size() < 2) return false;
  return pieces_.back().start_ns - pieces_.front().start_ns > horizon_ns_ ||
         pieces_.size() > kMostPieces;
}

// The first cue of the division that looks best by now.
size_t CueSegmenter::forced_end() const {
  size_t end = 0;
  CueCost least;
  for (size_t begin = pieces_.size(); begin-- > 1;) {
    const Division& division = divisions_[begin];
    if (!division.possible) continue;
    if (end != 0 && !pricer_.fits(pieces(begin, pieces_.size()))) break;
    CueCost cost = division.cost;
    cost += pricer_.guess(pieces(begin, pieces_.size()));
    if (end != 0 && cost >= least) continue;
    end = division.first_end;
    least = cost;
  }
  return end;
}

void CueSegmenter::give_out(size_t end, std::vector<PlannedCue>& decided) {
  PlannedCue cue;
  cue.next_start_ns = pieces_[end].start_ns;
  const auto cut = pieces_.begin() + static_cast<std::ptrdiff_t>(end);
  cue.pieces.assign(std::make_move_iterator(pieces_.begin()), std::make_move_iterator(cut));
  decided.push_back(std::move(cue));
  pieces_.erase(pieces_.begin(), cut);
  divisions_.erase(divisions_.begin(), divisions_.begin() + static_cast<std::ptrdiff_t>(end));

  // What does not begin with that cue is out of the race.
  divisions_[0] = {true, divisions_[0].cost, 0, 0};
  for (size_t place = 1; place < divisions_.size(); ++place) {
    Division& division = divisions_[place];
    if (!division.possible) continue;
    division.possible = division.first_end == end && division.last_begin >= end;
    if (!division.possible) continue;
    division.last_begin -= end;
    division.first_end =
        division.last_begin == 0 ? place : divisions_[division.last_begin].first_end;
  }
}

void CueSegmenter::divide_again() {
  divisions_[0] = Division{true, {}, 0, 0};
  for (size_t place = 1; place < pieces_.size(); ++place) {
    divisions_[place] = best_division(place, &pieces_[place]);
  }
}

}  // namespace npu::captions
