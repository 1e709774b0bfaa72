//go:build attack

package attacktest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/audit/audittest"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	"github.com/noticehub/noticehub/services/authztest/cells"
	"github.com/noticehub/noticehub/services/internal/hub"
	"github.com/noticehub/noticehub/services/privacytest/canary"
)

// TestCells walks every cell of who may call what, on a hub without limits. Its
// callers bring tokens: certificates are TestAttacks'.
func TestCells(t *testing.T) {
	w := open(t, func(o *hub.Options) { o.Insecure, o.Unlimited = true, true })
	conn, err := rpc.Dial(w.hub.GRPC(), nil, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	began := time.Now()
	n, leaks, problems := cells.Run(t.Context(), cells.Hub{
		Native: conn, HTTP: w.url(""), Client: &http.Client{Transport: &http.Transport{Protocols: &protocols}}, Database: w.hub.DatabaseURL(),
	})
	for _, p := range problems {
		t.Error(p)
	}
	if n < 10_000 {
		t.Errorf("%d cells, at least 10,000 are wanted", n)
	}
	t.Log(time.Since(began).Round(time.Second))
	figure(t, "authz_cells", float64(n), "cells")
	figure(t, "authz_leaks", float64(leaks), "leaks")
}

// TestCanaries plants canaries in every personal field and looks for them
// everywhere else.
func TestCanaries(t *testing.T) {
	began := time.Now()
	n, hits, problems := canary.Run(t.Context(), filepath.Dir(place(t)))
	for _, p := range problems {
		t.Error(p)
	}
	if n < 100 {
		t.Errorf("%d canaries", n)
	}
	t.Log(time.Since(began).Round(time.Second))
	figure(t, "canaries", float64(n), "canaries")
	figure(t, "canary_hits", float64(hits), "hits")
}

// mutations of each kind.
const mutations = 1000

// alterLog exports the hub's audit log, alters the export at random and verifies
// it each time as `noticehub audit verify` does.
func (w *world) alterLog(t *testing.T) {
	t.Helper()
	client := auditv1.NewAuditServiceClient(w.must(t, auditor))
	var key string
	until(t, "the log is signed", func() error {
		c, err := client.GetCheckpoint(t.Context(), &auditv1.GetCheckpointRequest{})
		if err != nil || c.GetSize() < 500 {
			return errors.Join(err, errNotYet)
		}
		key = c.GetPublicKey()
		return nil
	})
	// The last part of the log: verifying 2,000 alterations of all of it would take minutes.
	stream, err := client.ExportEntries(context.Background(), &auditv1.ExportEntriesRequest{Last: 1500})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		file.Write(piece.GetContent())
	}
	report, err := archive.Verify(bytes.NewReader(file.Bytes()), archive.Options{Key: key})
	if err != nil {
		t.Fatalf("the export itself: %v", err)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 4))
	tried, found := 0, 0
	for _, kind := range []audittest.Kind{audittest.Flip, audittest.Delete} {
		result := audittest.Export(random, file.Bytes(), key, kind, mutations)
		tried, found = tried+result.Tried, found+result.Found
		for _, missed := range result.Missed {
			t.Errorf("seed %d: not found: %s", seed, missed)
		}
	}
	t.Logf("an export of entries %d to %d, %d bytes", report.From, report.To, file.Len())
	figure(t, "audit_mutations", float64(tried), "mutations")
	figure(t, "audit_mutations_found", float64(found), "mutations")
}
