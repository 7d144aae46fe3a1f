// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include "scan/callees.hpp"

#include <algorithm>

namespace cohort::scan {

namespace {

// How many calls deep text is followed; each function is read once, whoever asks first.
constexpr int kMostCalls = 6;

Text not_known(const std::string& name) { return Text{{Piece{Piece::Kind::unknown, name}}}; }

}  // namespace

Callees::Callees(const Outline& outline) : outline_(&outline) {
  for (const Region& region : outline.regions()) {
    // A macro's body and an initializer have no parameters anywhere.
    if (region.name.empty() || region.parameters.end == 0) continue;
    functions_[region.name].regions.push_back(&region);
  }
}

std::optional<Text> Callees::returned(const std::string& function) {
  auto found = functions_.find(function);
  if (found == functions_.end()) return std::nullopt;
  return summary_of(found->second).returned;
}

std::optional<Text> Callees::written(const std::string& function, std::size_t parameter) {
  auto found = functions_.find(function);
  if (found == functions_.end()) return std::nullopt;
  const Summary& summary = summary_of(found->second);
  if (summary.busy) return not_known(function);
  auto text = summary.written.find(parameter);
  return text == summary.written.end() ? std::nullopt : std::optional(text->second);
}

const Callees::Summary& Callees::summary_of(Function& function) {
  Summary& summary = function.summary;
  if (summary.done || summary.busy) return summary;
  summary.returned = not_known(function.regions[0]->name);
  if (depth_ >= kMostCalls) {
    static const Summary kTooDeep{not_known("…"), {}, true, false};
    return kTooDeep;
  }
  summary.busy = true;
  ++depth_;
  Summary whole;
  for (const Region* region : function.regions) add(whole, *region);
  --depth_;
  if (whole.returned.pieces.empty() && !whole.done) whole.returned = summary.returned;
  whole.done = true;
  summary = std::move(whole);
  return summary;
}

// `done` says that there was a return.
void Callees::add(Summary& summary, const Region& region) {
  Evaluator values(*outline_, region, *this);
  for (std::size_t i = region.body.begin; i < region.body.end; ++i) {
    if (!outline_->token(i).names("return")) continue;
    std::size_t end = i + 1;
    while (end < region.body.end && !outline_->token(end).is(";")) end = outline_->after(end);
    if (end == i + 1) continue;
    Text text = values.text({i + 1, end});
    summary.returned = summary.done ? less_known(summary.returned, text) : std::move(text);
    summary.done = true;
  }
  for (auto& [number, text] : values.written()) {
    auto [place, fresh] = summary.written.try_emplace(number, text);
    if (!fresh) place->second = less_known(place->second, text);
  }
}

}  // namespace cohort::scan
