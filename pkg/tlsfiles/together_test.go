package tlsfiles_test

import (
	"log/slog"
	"sync"
	"testing"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
)

// Commands that run at the same time, each with the authority opened for itself,
// get one certificate with its own key.
func TestIssuedTogether(t *testing.T) {
	t.Parallel()
	for range 10 {
		dir := t.TempDir()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				ca, err := tlsfiles.DevelopmentCA(dir, nil)
				if err != nil {
					t.Error(err)
					return
				}
				files, err := ca.Client(identity.Caller{Kind: identity.Authority, ID: "frc"})
				if err == nil {
					_, err = tlsfiles.Open(files, tlsfiles.Options{Name: "frc", Log: slog.New(slog.DiscardHandler)})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}
