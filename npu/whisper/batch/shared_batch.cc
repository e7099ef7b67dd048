// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/batch/shared_batch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "model/shared_cache.h"

namespace npu {
namespace {

// CancelToken wakes nobody: waits look at it this often.
constexpr std::chrono::milliseconds kCancelPoll{20};

// Never destroyed: streams may be released by destructors that run after main().
SharedCache<SharedBatch>& process_batches() {
  static auto* const cache = new SharedCache<SharedBatch>;
  return *cache;
}

}  // namespace

Result<std::shared_ptr<SharedBatch>> SharedBatch::join(std::shared_ptr<const Model> model,
                                                       const BatchShape& shape) {
  // A batch keeps its model alive, so that no other one can have its address.
  const std::string key = text(model.get(), ' ', shape.slots, ' ', shape.texts, ' ',
                               shape.histories, ' ', shape.most, ' ', shape.positions);
  const auto make = [&]() -> Result<std::shared_ptr<SharedBatch>> {
    NPU_TRY_ASSIGN(auto slots, BatchSlots::create(model, shape));
    return std::make_shared<SharedBatch>(std::move(slots));
  };
  return process_batches().get(key, make, {});
}

SharedBatch::SharedBatch(std::unique_ptr<BatchSlots> slots)
    : slots_(std::move(slots)), size_(slots_->size()) {}

bool SharedBatch::full() {
  const std::lock_guard lock(mutex_);
  return taken_ + static_cast<int>(queue_.size()) >= size_;
}

bool SharedBatch::welcomes(const BatchMember& member) {
  const std::lock_guard lock(mutex_);
  if (member.error_) return false;
  return member.queued_ == 0 || taken_ + static_cast<int>(queue_.size()) < size_;
}

void SharedBatch::submit(BatchMember& member, std::shared_ptr<Hearing> hearing) {
  const std::lock_guard lock(mutex_);
  if (!hearing->ticket) hearing->ticket = tickets_++;
  hearing->member = &member;
  member.hearings_.push_back(hearing);
  ++member.queued_;
  const auto older = [](const auto& a, const auto& b) { return a->ticket < b->ticket; };
  queue_.insert(std::upper_bound(queue_.begin(), queue_.end(), hearing, older), hearing);
}

Result<std::vector<std::shared_ptr<Hearing>>> SharedBatch::collect(BatchMember& member,
                                                                   TranscriberStats& stats) {
  const std::lock_guard lock(mutex_);
  stats += std::exchange(member.work_, {});
  if (member.error_) return *std::exchange(member.error_, std::nullopt);
  member.news_ = false;
  return std::exchange(member.finished_, {});
}

Result<void> SharedBatch::encode(const CancelToken& cancel) {
  Lock lock(mutex_);
  if (leading_) return {};
  seat_queued();
  Result<void> led;
  while (led && slots_->unheard()) led = lead(lock, cancel);
  changed_.notify_all();
  return led;
}

Result<void> SharedBatch::wait(BatchMember& member, const CancelToken& cancel) {
  Lock lock(mutex_);
  Result<void> led;
  while (led && !member.news_) {
    led = check_interrupt(cancel, {}, "transcribing");
    if (!led) break;
    if (leading_)
      changed_.wait_for(lock, kCancelPoll);
    else
      led = lead(lock, cancel);
  }
  // Somebody else may lead now.
  changed_.notify_all();
  return led;
}

void SharedBatch::withdraw(BatchMember& member) {
  const std::lock_guard lock(mutex_);
  drop(member);
  member.finished_.clear();
  member.error_.reset();
  member.news_ = false;
  if (!leading_) remove_dropped();
}

// Runs one list for everybody, without the lock. Nobody else gets the lead before the caller lets
// go of the lock. Errors: those that concern nobody but the caller.
Result<void> SharedBatch::lead(Lock& lock, const CancelToken& cancel) {
  seat_queued();
  leading_ = true;
  lock.unlock();
  const Result<void> ran = slots_->run(cancel);
  lock.lock();
  leading_ = false;
  const bool mine =
      !ran && (ran.error().code == ErrorCode::kCancelled || slots_->concerned().empty());
  settle(ran);
  return mine ? ran : Result<void>();
}

void SharedBatch::seat_queued() {
  remove_dropped();
  for (; !queue_.empty() && taken_ < size_; ++taken_) {
    BatchMember& member = *queue_.front()->member;
    --member.queued_;
    slots_->take(std::move(queue_.front()));
    queue_.pop_front();
    tell(member);
  }
}

// After a run: counts its work, and gives back what is finished or has failed.
void SharedBatch::settle(const Result<void>& ran) {
  ++runs_;
  const bool failed = !ran && ran.error().code != ErrorCode::kCancelled;
  for (Hearing* hearing : slots_->concerned()) count_work(*hearing);
  for (Hearing* hearing : slots_->concerned()) {
    BatchMember* const member = hearing->member;
    if (!failed || !member) continue;
    drop(*member);
    member->error_ = ran.error();
    tell(*member);
  }
  for (std::shared_ptr<Hearing>& hearing : slots_->take_finished()) {
    BatchMember* const member = std::exchange(hearing->member, nullptr);
    if (!member) continue;
    std::erase(member->hearings_, hearing);
    member->finished_.push_back(std::move(hearing));
    tell(*member);
  }
  remove_dropped();
}

// What was spent on a hearing in this run becomes its stream's; a step counts once for each stream.
void SharedBatch::count_work(Hearing& hearing) {
  TranscriberStats work = std::exchange(hearing.work, {});
  BatchMember* const member = hearing.member;
  if (!member) return;
  if (member->last_run_ == runs_) work.decode_steps = 0;
  member->last_run_ = runs_;
  member->work_ += work;
}

void SharedBatch::tell(BatchMember& member) {
  member.news_ = true;
  changed_.notify_all();
}

void SharedBatch::drop(BatchMember& member) {
  std::erase_if(queue_, [&](const auto& hearing) { return hearing->member == &member; });
  for (std::shared_ptr<Hearing>& hearing : member.hearings_) {
    hearing->member = nullptr;
    dropped_.push_back(std::move(hearing));
  }
  member.hearings_.clear();
  member.queued_ = 0;
}

void SharedBatch::remove_dropped() {
  for (const std::shared_ptr<Hearing>& hearing : dropped_) slots_->remove(*hearing);
  dropped_.clear();
  taken_ = slots_->taken();
}

}  // namespace npu
