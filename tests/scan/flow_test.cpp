// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Where text comes from: other functions of the file, macros, pointers, containers of constants, numbers. Of each kind
// what is found, beside what looks like it and is safe.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "scan/scan_text.hpp"

namespace {

using namespace cohort::scan;

// The lines on which text reaches a shell, with a blank before each.
std::string lines_with_shell(std::string_view text) {
  std::string lines;
  for (const Finding& finding : scan_text(text)) {
    if (finding.rule->id.starts_with("shell-")) lines += " " + std::to_string(finding.line);
  }
  return lines;
}

TEST(Flow, follows_what_a_function_of_the_file_returns) {
  EXPECT_EQ(lines_with_shell("const char* a(int n) { if (n) return \"/bin/x\"; return \"/bin/y\"; }\n"
                             "std::string b(std::string f) { return \"/bin/x \" + f; }\n"
                             "std::string c(std::string f) { return \"/bin/x \" + cohort::shlex::quote(f); }\n"
                             "std::string d(int n) { if (n) return \"/bin/x\"; return getenv(\"X\"); }\n"
                             "void u() { system(a(1)); }\n"
                             "void v(std::string f) { system(b(f).c_str()); }\n"
                             "void w(std::string f) { system(c(f).c_str()); }\n"
                             "void x() { system(d(1).c_str()); }\n"
                             "void y() { system(elsewhere(1).c_str()); }\n"),
            " 6 8 9");
}

TEST(Flow, follows_what_a_function_of_the_file_writes_through_its_parameters) {
  EXPECT_EQ(lines_with_shell("void a(std::string& l, std::string f) { l += f; }\n"
                             "void b(std::string& l, int n) { l += std::to_string(n); }\n"
                             "void c(std::string* l, FILE* f) { for (int c = fgetc(f); c > 0;) l->push_back(c); }\n"
                             "void d(const std::string& l) { puts(l.c_str()); }\n"
                             "void u(std::string f) { std::string l = \"/bin/x\"; a(l, f); system(l.c_str()); }\n"
                             "void v() { std::string l = \"/bin/x\"; b(l, 2); system(l.c_str()); }\n"
                             "void w() { std::string l; c(&l, stdin); system(l.c_str()); }\n"
                             "void x() { std::string l = \"/bin/x\"; d(l); system(l.c_str()); }\n"
                             "void y() { std::string l = \"/bin/x\"; elsewhere(&l); system(l.c_str()); }\n"),
            " 5 7 9");
}

TEST(Flow, ends_at_functions_that_call_themselves_and_each_other) {
  EXPECT_EQ(lines_with_shell("std::string a(int n) { return n ? b(n - 1) : \"/bin/x\"; }\n"
                             "std::string b(int n) { return a(n); }\n"
                             "void w(std::string& l) { w(l); l += getenv(\"X\"); }\n"
                             "void u() { system(a(3).c_str()); }\n"
                             "void v() { std::string l = \"/bin/x\"; w(l); system(l.c_str()); }\n"),
            " 4 5");
}

TEST(Flow, follows_calls_through_pointers_and_macros) {
  EXPECT_EQ(lines_with_shell("#define RUN(text) system(text)\n"
                             "#define LEFT(text) system(text)\n"
                             "void a(const char* t) { int (*run)(const char*) = system; run(t); }\n"
                             "void b(const char* t) { std::function<int(const char*)> run = std::system; run(t); }\n"
                             "void c(const char* t, bool dry) { auto run = dry ? puts : ::system; run(t); }\n"
                             "void d() { auto run = &system; run(\"/bin/true\"); }\n"
                             "void e(const char* t) { RUN(t); }\n"
                             "void f() { RUN(\"/bin/true\"); }\n"
                             "void g(const char* t) { auto run = [](const char*) {}; run(t); }\n"),
            " 2 3 4 5 7");
}

TEST(Flow, knows_what_comes_out_of_containers_and_tables_of_constants) {
  const std::string head =
      "struct S { const char* n; const char* c; };\n"
      "static const std::map<std::string, std::string> m = {{\"a\", \"/bin/a\"}, {\"b\", \"/bin/b\"}};\n";
  auto in = [&](const std::string& body) { return lines_with_shell(head + "int f(std::string k) {" + body + "}\n"); };
  EXPECT_EQ(in("auto e = m.find(k); return system(e->second.c_str());"), "");
  EXPECT_EQ(in("return system(m.at(k).c_str());"), "");
  EXPECT_EQ(in("for (const auto& [name, line] : m) system(line.c_str());"), "");
  EXPECT_EQ(in("static const S t[] = {{\"a\", \"/bin/a\"}}; return system(t[g()].c);"), "");
  EXPECT_EQ(in("std::array<const char*, 2> t{\"/bin/a\", \"/bin/b\"}; return system(t[g()]);"), "");
  EXPECT_EQ(in("std::vector<std::string> v{\"/bin/a\"}; v.emplace_back(\"/bin/b\"); return system(v.back().c_str());"),
            "");
  EXPECT_EQ(in("std::vector<std::string> v{\"/bin/a\"}; v.emplace_back(k); return system(v.back().c_str());"), " 3");
  EXPECT_EQ(in("std::map<int, std::string> o; o[1] = k; return system(o.at(1).c_str());"), " 3");
  EXPECT_EQ(in("std::map<int, std::string> o; o.emplace(1, k); return system(o.begin()->second.c_str());"), " 3");
  EXPECT_EQ(in("S s{\"a\", \"/bin/a\"}; s.c = k.c_str(); return system(s.c);"), " 3");
  EXPECT_EQ(in("S s{\"a\", \"/bin/a\"}; s.n = \"b\"; return system(s.c);"), "");
  EXPECT_EQ(in("S s; s.n = \"b\"; fill(s); return system(s.c);"), " 3");
  EXPECT_EQ(in("static const S t[] = {{\"a\", \"/bin/a %s\"}}; char l[99];"
               "for (const S& s : t) { snprintf(l, 99, s.c, k.c_str()); system(l); } return 0;"),
            " 3");
}

TEST(Flow, tells_numbers_from_the_characters_of_their_code) {
  auto in = [&](const std::string& body) { return lines_with_shell("int f(int n, const char* t) {" + body + "}\n"); };
  EXPECT_EQ(in("std::ostringstream l; l << \"/bin/x \" << std::hex << std::setw(4) << std::setfill('0') << n;"
               "return system(l.str().c_str());"),
            "");
  EXPECT_EQ(in("std::ostringstream l; l << \"/bin/x \" << static_cast<long>(t[0]) << (n - 1) << std::endl;"
               "return system(l.str().c_str());"),
            "");
  EXPECT_EQ(in("std::ostringstream l; l << \"/bin/x \" << static_cast<char>(n); return system(l.str().c_str());"),
            " 1");
  EXPECT_EQ(in("std::string l = \"/bin/x \"; l += n; return system(l.c_str());"), " 1");
  EXPECT_EQ(in("std::string l = \"/bin/x \"; l += std::to_string(n); return system(l.c_str());"), "");
  EXPECT_EQ(in("char l[99]; snprintf(l, 99, \"/bin/x %\" PRId64 \" y\", t); return system(l);"), "");
  EXPECT_EQ(in("std::string l = \"/bin/x \"; l.insert(3, t); return system(l.c_str());"), " 1");
  EXPECT_EQ(in("std::string l = \"/bin/x \"; l.append(3, 'y'); return system(l.c_str());"), "");
}

TEST(Flow, follows_pointers_into_a_buffer) {
  auto in = [&](const std::string& body) { return lines_with_shell("int f(const char* t) {" + body + "}\n"); };
  EXPECT_EQ(in("char l[99]; char* e = stpcpy(l, \"/bin/x \"); strncpy(e, t, 50); return system(l);"), " 1");
  EXPECT_EQ(in("char l[99] = \"/bin/x \"; char* e = l + 7; strcpy(e, t); return system(l);"), " 1");
  EXPECT_EQ(in("char l[99]; char* e = stpcpy(l, \"/bin/x \"); strcpy(e, \"-y\"); return system(l);"), "");
}

}  // namespace
