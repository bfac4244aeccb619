// The orders of each customer counted and summed up, with Goka; speaks the protocol of bench/lib/peer.ts.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
	"github.com/lovoo/goka/codec"
	"github.com/lovoo/goka/storage"
)

var (
	brokers     = []string{os.Getenv("KAFKA_BOOTSTRAP")}
	group       = goka.Group(os.Getenv("APPLICATION_ID"))
	orders      = goka.Stream(os.Getenv("TOPIC_ORDERS"))
	deadLetters = goka.Stream(os.Getenv("TOPIC_DEAD_LETTERS"))
	stateFolder = os.Getenv("STATE_FOLDER")
	done        atomic.Int64
)

// Partitions are worked off side by side.
func count(ctx goka.Context, message interface{}) {
	value := message.([]byte)
	if order := readOrder(value); order == nil {
		ctx.Emit(deadLetters, ctx.Key(), value)
	} else {
		summary, _ := ctx.Value().(*Summary)
		ctx.SetValue(summary.with(order))
	}
	done.Add(1)
}

func main() {
	records, err := strconv.ParseInt(os.Getenv("RECORDS"), 10, 64)
	check(err)
	config := goka.DefaultConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Interval = time.Second
	goka.ReplaceGlobalConfig(config)

	tables := goka.NewTopicManagerConfig()
	tables.Table.Replication = 1
	processor, err := goka.NewProcessor(brokers,
		goka.DefineGroup(group, goka.Input(orders, new(codec.Bytes), count), goka.Output(deadLetters, new(codec.Bytes)), goka.Persist(summaryCodec{})),
		goka.WithStorageBuilder(storage.DefaultBuilder(filepath.Join(stateFolder, "processor"))),
		goka.WithTopicManagerBuilder(goka.TopicManagerBuilderWithConfig(config, tables)),
		goka.WithLogger(log.New(os.Stderr, "", 0)))
	check(err)

	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- processor.Run(ctx) }()
	tellProgress(records, ended)
	stop()
	check(<-ended)
	check(writeResult(os.Getenv("RESULT_FILE")))
	fmt.Println("result")

	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGTERM)
	<-stopped
}

// Returns when the broker has all offsets.
func tellProgress(records int64, ended chan error) {
	config := sarama.NewConfig()
	config.Version = sarama.V2_0_0_0
	admin, err := sarama.NewClusterAdmin(brokers, config)
	check(err)
	for {
		select {
		case err := <-ended:
			check(fmt.Errorf("the processor ended early: %v", err))
		case <-time.After(50 * time.Millisecond):
		}
		now := done.Load()
		fmt.Println("progress", now)
		if now < records {
			continue
		}
		offsets, err := admin.ListConsumerGroupOffsets(string(group), nil)
		check(err)
		var committed int64
		for _, block := range offsets.Blocks[string(orders)] {
			committed += block.Offset
		}
		if committed >= records {
			fmt.Println("committed")
			return
		}
	}
}

// What the group's table holds, as a view reads it.
func writeResult(path string) error {
	view, err := goka.NewView(brokers, goka.GroupTable(group), summaryCodec{}, goka.WithViewStorageBuilder(storage.DefaultBuilder(filepath.Join(stateFolder, "view"))))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() { check(view.Run(ctx)) }()
	<-view.WaitRunning()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	entries, err := view.Iterator()
	if err != nil {
		return err
	}
	defer entries.Release()
	for entries.Next() {
		value, err := entries.Value()
		if err != nil {
			return err
		}
		line, err := json.Marshal(struct {
			Key string `json:"key"`
			*Summary
		}{entries.Key(), value.(*Summary)})
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	return out.Flush()
}

func check(err error) {
	if err != nil {
		log.Fatalf("goka: %v", err)
	}
}
