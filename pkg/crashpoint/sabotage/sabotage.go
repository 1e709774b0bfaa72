// Package sabotage plants bugs for the chaos harness, to prove that its oracles
// find them. In product builds every switch is the constant false and the
// planted code is not even compiled in. Built with the tag sabotage, the
// environment variable NOTICEHUB_SABOTAGE turns one on:
//
//	ack-before-commit  consumers acknowledge before their transaction commits
//	no-inbox           consumers do not remember which messages they applied
//	outbox-last-id     the relay polls for "id > last" and hands nothing over
package sabotage
