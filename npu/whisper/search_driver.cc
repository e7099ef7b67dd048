// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/search_driver.h"

#include <algorithm>
#include <cassert>

namespace npu {

void SearchDriver::add(Search& search) {
  running_.push_back(&search);
}

bool SearchDriver::runs(const Search& search) const {
  return std::find(running_.begin(), running_.end(), &search) != running_.end();
}

void SearchDriver::remove(const Search& search) {
  std::erase(running_, &search);
}

Result<std::span<Search* const>> SearchDriver::step(const CancelToken& cancel) {
  table_.clear();
  parts_.clear();
  finished_.clear();
  auto room = static_cast<size_t>(inference_.max_rows());
  for (Search* search : running_) {
    if (search->rows() > room) continue;
    room -= search->rows();
    parts_.push_back({search, 0, 0, 0});
  }
  assert(!parts_.empty());
  const size_t share = guesses_of_each(parts_.size());
  for (Part& part : parts_) {
    const size_t guesses = std::min({part.search->guesses(), share, room});
    room -= guesses;
    part.first_request = table_.requests().size();
    const size_t first_row = table_.rows().size();
    part.search->propose(table_, guesses);
    part.rows = table_.rows().size() - first_row;
    part.requests = table_.requests().size() - part.first_request;
  }
  if (results_.size() < table_.requests().size()) results_.resize(table_.requests().size());
  const std::span<ScoreResult> results = std::span(results_).first(table_.requests().size());
  NPU_TRY(inference_.step(table_.rows(), table_.parents(), table_.requests(), results, cancel));
  for (const Part& part : parts_) {
    part.search->take(results.subspan(part.first_request, part.requests));
    if (part.search->done()) finished_.push_back(part.search);
  }
  std::erase_if(running_, [](const Search* search) { return search->done(); });
  return std::span<Search* const>(finished_);
}

}  // namespace npu
