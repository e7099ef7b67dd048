// SPDX-License-Identifier: LGPL-2.1-or-later
// Steps several searches side by side: the rows of all of them are one decode step, which costs
// little more than the step of one.
#pragma once

#include <vector>

#include "cancel.h"
#include "result.h"
#include "whisper/inference.h"
#include "whisper/search.h"
#include "whisper/step_table.h"

namespace npu {

// Searches come and go between steps; those that run together must have histories of their own.
// What a search finds does not depend on its company. Keeps its memory. Not thread-safe.
class SearchDriver {
 public:
  // `inference` is borrowed.
  explicit SearchDriver(Inference& inference) : inference_(inference) {}

  // From the next step on `search`, which is borrowed until it is done, takes part. Preconditions:
  // it is not done; none of its steps needs more rows than the context has.
  void add(Search& search);
  // Whether `search` takes part.
  bool runs(const Search& search) const;
  // Lets `search` go, if it takes part.
  void remove(const Search& search);
  // Lets all searches go, as after an error.
  void clear() { running_.clear(); }
  bool idle() const { return running_.empty(); }

  // What a search had in a step.
  struct Part {
    Search* search;
    size_t rows;
    size_t first_request;
    size_t requests;
  };

  // One decode step. Searches for whose rows there is no room any more wait for the next, those
  // that came first being served first; guesses take what room is left. Returns the searches that
  // it finished, which have left; valid until the next call. Precondition: not idle(). Errors:
  // those of Context::run(); no search has moved then.
  Result<std::span<Search* const>> step(const CancelToken& cancel);
  // Who took part in the last step, whether it succeeded or not; those that it finished are among
  // them.
  std::span<const Part> parts() const { return parts_; }

 private:
  Inference& inference_;
  std::vector<Search*> running_;
  std::vector<Search*> finished_;
  std::vector<Part> parts_;
  StepTable table_;
  std::vector<ScoreResult> results_;
};

}  // namespace npu
