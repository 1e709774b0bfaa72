package intake

import (
	"errors"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/services/intake/internal/quota"
)

// Config is how much intake takes at a time, and with what it signs.
type Config struct {
	// ReceiptKeyFile holds the Ed25519 key that signs receipts.
	ReceiptKeyFile string `config:"receipt_key_file" doc:"PEM file (PKCS 8, Ed25519) with the key that signs receipts"`
	// CreateKeys makes the key when the file is missing.
	CreateKeys bool `config:"create_keys" default:"false" doc:"make the receipt key when its file is missing"`
	// BatchMax bounds one transaction.
	BatchMax int `config:"batch_max" default:"512" doc:"most submissions written in one transaction"`
	// Committers is how many transactions are written at a time. One makes the
	// largest batches and was the fastest where it was measured (two cores).
	Committers int `config:"committers" default:"1" doc:"transactions written at a time"`
	// QueueSize bounds the submissions waiting for the next transaction.
	QueueSize int `config:"queue_size" default:"4096" doc:"most submissions waiting to be written; more are told to try again"`
	// StreamInFlight bounds what one stream may leave unanswered.
	StreamInFlight int `config:"stream_in_flight" default:"1024" doc:"most unanswered submissions of one stream; then it is slowed down"`
	// OutboxDepth holds everything back while the pipeline is behind.
	OutboxDepth int `config:"outbox_depth" default:"20000" doc:"most messages waiting to be consumed before submissions are held back"`
	// LaneCache bounds the CRNs whose last lane is remembered, at about 50 bytes each.
	LaneCache int `config:"lane_cache" default:"250000" doc:"most customers whose last number is remembered"`
	// CommitTimeout bounds one transaction with its repeats.
	CommitTimeout time.Duration `config:"commit_timeout" default:"5s" doc:"longest time to write one batch, with repeats"`
	// Poll is the longest pause before others' changes are seen.
	Poll time.Duration `config:"poll" default:"500ms" doc:"longest pause between looks for changes other processes made"`
	// MaxWatches bounds the streams that watch.
	MaxWatches int `config:"max_watches" default:"256" doc:"most streams that watch submissions"`
	// AuthoritiesEvery is how often the authorities are read again.
	AuthoritiesEvery time.Duration `config:"authorities_every" default:"3s" doc:"pause between refreshes of the authorities in memory"`
	// ReconcileEvery is the pause between two sweeps for stragglers.
	ReconcileEvery time.Duration `config:"reconcile_every" default:"15s" doc:"pause between sweeps for submissions without progress"`
	// ReconcileAfter is how old a submission without progress is announced again.
	ReconcileAfter time.Duration `config:"reconcile_after" default:"30s" doc:"age after which a submission without progress is announced again"`
	// CustomerRate and CustomerBurst bound what one authority lodges about one customer.
	CustomerRate  int `config:"customer_rate" default:"1" doc:"submissions a second that an authority may lodge about one customer; 0 for no limit"`
	CustomerBurst int `config:"customer_burst" default:"20" doc:"submissions at once that an authority may lodge about one customer"`
	// SearchQuota keeps an authority from listing the agency's customers by searching.
	SearchQuota int `config:"search_quota" default:"2000" doc:"mutual client searches that an authority may lodge on a local day; 0 for no limit"`
	// DailyQuota bounds all an authority lodges; 1,000,000 is what a day was built for.
	DailyQuota int `config:"daily_quota" default:"0" doc:"submissions that an authority may lodge on a local day; 0 for no limit"`
	// RequireCaseWorker wants to know which case worker is behind each change.
	RequireCaseWorker bool `config:"require_case_worker" default:"false" doc:"refuse authorities whose credentials do not prove which case worker calls"`
}

func (c Config) limits() quota.Limits {
	return quota.Limits{
		CustomerRate: float64(c.CustomerRate), CustomerBurst: c.CustomerBurst,
		Searches: int64(c.SearchQuota), Submissions: int64(c.DailyQuota),
	}
}

// DefaultConfig has every default, and no key file.
func DefaultConfig() Config {
	return Config{
		BatchMax: 512, Committers: 1, QueueSize: 4096, StreamInFlight: 1024, OutboxDepth: 20_000, LaneCache: 250_000,
		CommitTimeout: 5 * time.Second, Poll: 500 * time.Millisecond, MaxWatches: 256, AuthoritiesEvery: 3 * time.Second,
		ReconcileEvery: 15 * time.Second, ReconcileAfter: 30 * time.Second,
		CustomerRate: 1, CustomerBurst: 20, SearchQuota: 2000,
	}
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var problems []error
	if c.ReceiptKeyFile == "" {
		problems = append(problems, errors.New("receipt_key_file is missing: receipts must be signed"))
	}
	for _, n := range []struct {
		name           string
		value, low, up int
	}{
		{"batch_max", c.BatchMax, 1, 5000},
		{"committers", c.Committers, 1, 16},
		{"queue_size", c.QueueSize, 1, 1 << 20},
		{"stream_in_flight", c.StreamInFlight, 1, 1 << 16},
		{"outbox_depth", c.OutboxDepth, 1, 1 << 30},
		{"lane_cache", c.LaneCache, 0, 1 << 28},
		{"max_watches", c.MaxWatches, 1, 1 << 16},
		{"customer_rate", c.CustomerRate, 0, 1 << 20},
		{"customer_burst", c.CustomerBurst, 1, 1 << 20},
		{"search_quota", c.SearchQuota, 0, 1 << 40},
		{"daily_quota", c.DailyQuota, 0, 1 << 40},
	} {
		if n.value < n.low || n.value > n.up {
			problems = append(problems, fmt.Errorf("%s is %d, must be between %d and %d", n.name, n.value, n.low, n.up))
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"commit_timeout", c.CommitTimeout},
		{"poll", c.Poll},
		{"authorities_every", c.AuthoritiesEvery},
		{"reconcile_every", c.ReconcileEvery},
		{"reconcile_after", c.ReconcileAfter},
	} {
		if d.value <= 0 {
			problems = append(problems, fmt.Errorf("%s is %s, must be above 0", d.name, d.value))
		}
	}
	return errors.Join(problems...)
}
