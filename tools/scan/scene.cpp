// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "scan/checks.hpp"

namespace cohort::scan {

void Scene::report(std::string_view rule, std::size_t token, std::string detail) {
  const Rule* found = find_rule(rule);
  offences_->push_back({found, token, found->confidence, std::move(detail)});
}

void Scene::report_unsure(std::string_view rule, std::size_t token, std::string detail) {
  offences_->push_back({find_rule(rule), token, Confidence::low, std::move(detail)});
}

bool Scene::is_c(const Call& call) const {
  if (call.member || token(call.open).is("{")) return false;
  if (call.qualifier == "std" || call.qualifier == "::") return true;
  return call.qualifier.empty() && !outline.declares(call.name, region) && !values.is_local(call.name);
}

const LaunchFunction* Scene::c_launch(const Call& call) const {
  const LaunchFunction* launch = find_launch(call.name);
  if (launch != nullptr && launch->launch != Launch::cohort && is_c(call)) return launch;
  if (call.member || !call.qualifier.empty() || !values.is_local(call.name)) return nullptr;
  for (TokenRange value : values.assignments(call.name)) {
    for (std::size_t i = value.begin; i < value.end; ++i) {
      bool named = token(i).kind == TokenKind::identifier && !token(i + 1).is("(") && !values.is_local(token(i).text) &&
                   (i == value.begin || (!token(i - 1).is(".") && !token(i - 1).is("->")));
      launch = named && !outline.declares(token(i).text, region) ? find_launch(token(i).text) : nullptr;
      if (launch != nullptr && launch->launch != Launch::cohort) return launch;
    }
  }
  return nullptr;
}

bool Scene::is_cohort_launch(const Call& call) const {
  const LaunchFunction* launch = find_launch(call.name);
  if (launch == nullptr || launch->launch != Launch::cohort || call.member) return false;
  if (call.qualifier.empty()) return !outline.declares(call.name, region) || call.name == "Popen";
  return call.qualifier.ends_with("subprocess") || call.qualifier == "sp" || call.qualifier == "cohort";
}

std::size_t Scene::first_token(const Call& call) const {
  std::size_t first = call.at;
  while (first > region.body.begin && token(first - 1).is("::")) {
    --first;
    if (first > region.body.begin && token(first - 1).kind == TokenKind::identifier &&
        !token(first - 1).names("return"))
      --first;
  }
  return first;
}

bool Scene::is_cast_to_void(const Call& call) const {
  std::size_t first = first_token(call);
  return first >= region.body.begin + 3 && token(first - 1).is(")") && token(first - 2).names("void") &&
         token(first - 3).is("(");
}

bool Scene::is_dropped(const Call& call) const {
  if (call.close + 1 > region.body.end) return false;
  bool ends = call.close + 1 == region.body.end || token(call.close + 1).is(";") || token(call.close + 1).is(",");
  if (!ends) return false;
  std::size_t first = first_token(call);
  if (is_cast_to_void(call)) first -= 3;
  if (first == region.body.begin) return token(call.close + 1).is(";");
  const Token& before = token(first - 1);
  // The body of a region begins after the parameters, whose brace comes next.
  if (before.is(";") || before.is("{") || before.is("}") || before.names("else") || before.names("do")) return true;
  if (before.is(":")) return !(first >= 2 && token(first - 2).is(")"));
  if (before.is(",") && token(call.close + 1).is(";")) return false;
  if (!before.is(")") || before.match == kNone || before.match == 0) return false;
  const Token& control = token(before.match - 1);
  return control.names("if") || control.names("while") || control.names("for");
}

bool Scene::mentions(TokenRange range, std::string_view name) const {
  for (std::size_t i = range.begin; i < range.end; ++i) {
    if (token(i).names(name)) return true;
  }
  return false;
}

}  // namespace cohort::scan
