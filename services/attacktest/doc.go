// Package attacktest attacks a whole hub in one process, with everything on that
// keeps others out: certificates, tokens, sessions, limits, walls on the bus and in
// the database. `make attack` runs it; the tests need the build tag attack.
//
// Duty: every case of the attack list has a number, a name and a test here. Each
// asserts what the attacker is answered, that no business table changed, that the
// audit log has an entry of it, and that no answer holds anybody's particulars.
// What the list's cases lean on is walked, altered and measured in the same run:
// the access table, canaries in every personal field, the audit log, throughput.
//
// Not here: cases of parts that are not built (54, the receiver of web hooks), and
// the tests of single packages, which go further into each case. deploy/SECURITY.md
// maps threats to both.
package attacktest
