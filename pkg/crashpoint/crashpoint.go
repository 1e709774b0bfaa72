// Package crashpoint names the places where a process may die at the worst
// moment. In product builds every point is an empty function. Built with the tag
// crashpoints, a process kills itself with SIGKILL, so without any clean-up, at
// the n-th hit of the point named by NOTICEHUB_CRASH="name:n" (":n" may be left
// out and means the first hit).
//
// The points are
//
//	outbox.before-publish  rows are committed, nothing is sent
//	outbox.after-puback    the broker has them, nobody remembers it
//	outbox.before-delete   every consumer acknowledged, the rows still stand
//	inbox.after-fetch      messages are here, nothing is done
//	inbox.mid-batch        inbox rows and effects are written, not committed
//	inbox.before-commit    all is written, COMMIT is not sent
//	inbox.after-commit     effects are durable, nothing is acknowledged
//	inbox.after-ack        acknowledgements are on their way
package crashpoint
