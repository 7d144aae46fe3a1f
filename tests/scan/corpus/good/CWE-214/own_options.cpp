// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

struct App { void add_option(const char* name, std::string& value, const char* text); };
void define(App& app, std::string& password) { app.add_option("--password", password, "what it is"); }
const char* kOptions[] = {"--user", "--password", "--host"};
bool check(const std::string& password, const std::string& known) { return password == known; }
