package dev.lookalike.query.rest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.CanonicalImage;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.ModelReference;
import dev.lookalike.proto.image.v1.OriginalImage;
import dev.lookalike.proto.image.v1.Region;
import dev.lookalike.proto.search.v1.CompareIndexResponse;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.Group;
import dev.lookalike.proto.search.v1.Hit;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.IndexDifference;
import dev.lookalike.proto.search.v1.ListImagesResponse;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.proto.search.v1.SearchBatchResponse;
import dev.lookalike.proto.search.v1.SearchRefusal;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.SearchResponse;
import dev.lookalike.proto.search.v1.SearchResult;
import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.proto.search.v1.Vector;
import dev.lookalike.query.index.Images;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.JsonBody;
import java.io.ByteArrayInputStream;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  /** As the service writes it. */
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .serializationInclusion(JsonInclude.Include.NON_NULL)
          .build();

  private static final ModelReference MODEL =
      ModelReference.newBuilder()
          .setId("tiny")
          .setVersion("1")
          .setDigest("d")
          .setPreprocessingVersion("p")
          .setDimension(2)
          .build();
  private static final String MODEL_JSON =
      "{'id':'tiny','version':'1','digest':'d','preprocessing_version':'p','dimension':2}";

  private static SearchRequest request(String json, @Nullable String collection) {
    return Json.request(read(json, Bodies.SearchBody.class), collection);
  }

  private static SearchRequest request(String json) {
    return request(json, "shop");
  }

  private static <T> T read(String json, Class<T> type) {
    return JsonBody.read(new ByteArrayInputStream(json.replace('\'', '"').getBytes(UTF_8)), type);
  }

  private static String refused(String json) {
    RefusedException refused =
        Assertions.catchThrowableOfType(RefusedException.class, () -> request(json));
    assertThat(refused).as(json).isNotNull();
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    return refused.detail();
  }

  private static void written(@Nullable Object body, String json) throws JsonProcessingException {
    assertThat(JSON.writeValueAsString(body)).isEqualTo(json.replace('\'', '"'));
  }

  @Test
  void readsEveryFieldOfASearch() {
    SearchRequest request =
        request(
            "{'collection':'shop','positives':[{'image':'aW1hZ2U=','weight':2.5,"
                + "'region':{'x':0.1,'y':0.2,'width':0.3,'height':0.4}},{'image_id':'a'}],"
                + "'negatives':[{'vector':[1,2.5]}],'k':7,'filter':'price > 1',"
                + "'min_similarity':0.5,'exclude_self':true,'group_by':'sku','group_size':3,"
                + "'exact':true,'include_vectors':true,'cursor':'abc','tokens':['t1','t2'],"
                + "'wait':'1500ms'}");
    assertThat(request)
        .isEqualTo(
            SearchRequest.newBuilder()
                .setCollection("shop")
                .addPositives(
                    Example.newBuilder()
                        .setImage(ByteString.copyFromUtf8("image"))
                        .setWeight(2.5f)
                        .setRegion(
                            Region.newBuilder()
                                .setX(0.1f)
                                .setY(0.2f)
                                .setWidth(0.3f)
                                .setHeight(0.4f)))
                .addPositives(Example.newBuilder().setImageId("a"))
                .addNegatives(
                    Example.newBuilder()
                        .setVector(Vector.newBuilder().addValues(1).addValues(2.5f)))
                .setK(7)
                .setFilter("price > 1")
                .setMinSimilarity(0.5f)
                .setExcludeSelf(true)
                .setGroupBy("sku")
                .setGroupSize(3)
                .setExact(true)
                .setIncludeVectors(true)
                .setCursor("abc")
                .addTokens("t1")
                .addTokens("t2")
                .setWait(Duration.newBuilder().setSeconds(1).setNanos(500_000_000))
                .build());
  }

  @Test
  void whatIsAbsentIsTheDefault() {
    assertThat(request("{}")).isEqualTo(SearchRequest.newBuilder().setCollection("shop").build());
    assertThat(request("{}", null)).isEqualTo(SearchRequest.getDefaultInstance());
    assertThat(request("{'exact':false,'min_similarity':0}").hasMinSimilarity()).isTrue();
  }

  @Test
  void theCollectionIsThatOfThePath() {
    assertThat(request("{'collection':'shop'}", null).getCollection()).isEqualTo("shop");
    assertThat(request("{'collection':'shop'}", "shop").getCollection()).isEqualTo("shop");
    assertThat(refused("{'collection':'other'}")).contains("not that of the path");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'positives':[{}]}",
        "{'positives':[{'image_id':'a','vector':[1]}]}",
        "{'positives':[{'image_id':'a','image':'aQ=='}]}",
        "{'negatives':[null]}",
        "{'positives':[{'image_id':'a','weight':0}]}",
        "{'positives':[{'image_id':'a','weight':-1}]}",
        "{'k':0}",
        "{'group_size':0}",
        "{'tokens':[null]}",
        "{'wait':'soon'}"
      })
  void refusesWhatNoSearchCanBe(String json) {
    assertThat(refused(json)).isNotEmpty();
  }

  @Test
  void aSearchOfABatchCannotBeNull() {
    assertThat(read("{'requests':[null]}", Bodies.BatchBody.class).requests())
        .singleElement()
        .isNull();
    assertThat(
            Assertions.catchThrowableOfType(RefusedException.class, () -> Json.request(null, null))
                .code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void namesTheFieldThatIsWrong() {
    assertThat(refused("{'positivs':[]}")).contains("positivs");
    assertThat(refused("{'positives':[{'image_id':'a','wheight':1}]}")).contains("wheight");
    assertThat(refused("{'k':'many'}")).contains("\"k\"");
    assertThat(refused("{'k':1,'k':2}")).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({"500ms,0,500000000", "10s,10,0", "2m,120,0", "0s,0,0", "1001ms,1,1000000"})
  void readsAWait(String text, long seconds, int nanos) {
    assertThat(Json.wait(text))
        .isEqualTo(Duration.newBuilder().setSeconds(seconds).setNanos(nanos).build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "s", "-1s", "1.5s", "1h", "1000000000s", " 1s"})
  void refusesAWaitThatIsNone(String text) {
    assertThat(
            Assertions.catchThrowableOfType(RefusedException.class, () -> Json.wait(text)).code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  private static Hit.Builder hit() {
    return Hit.newBuilder()
        .setImageId("a")
        .setSimilarity(0.5f)
        .setModel("tiny")
        .setVersion(Images.version(3))
        .setContentUrl("c")
        .setThumbnailUrl("t");
  }

  private static final String HIT =
      "{'image_id':'a','similarity':0.5,'labels':[],'attributes':{},'model':'tiny',"
          + "'version':'1.0.3','content_url':'c','thumbnail_url':'t'}";

  @Test
  void writesAnAnswerWithoutWhatIsAbsent() throws Exception {
    written(
        Json.answer(
            SearchResponse.newBuilder().addHits(hit()).setModel(MODEL).setBuildId("b1").build()),
        "{'hits':[" + HIT + "],'model':" + MODEL_JSON + ",'build_id':'b1'}");
  }

  @Test
  void writesAnAnswerWithEverything() throws Exception {
    written(
        Json.answer(
            SearchResponse.newBuilder()
                .addHits(
                    hit()
                        .setVector(Vector.newBuilder().addValues(0.5f))
                        .addLabels(
                            Label.newBuilder()
                                .setName("red")
                                .setConfidence(0.5f)
                                .setSource(LabelSource.LABEL_SOURCE_USER)
                                .setSourceVersion("v"))
                        .setGroup(Group.newBuilder().setValue(Images.text("s1")).setSize(2)))
                .setNextCursor("n")
                .setModel(MODEL)
                .setBuildId("b1")
                .setDevice("cpu")
                .addTokens(
                    TokenStatus.newBuilder()
                        .setToken("x")
                        .setImageId("a")
                        .setVersion(Images.version(3))
                        .setState(ImageState.IMAGE_STATE_SUPERSEDED))
                .build()),
        "{'hits':[{'image_id':'a','similarity':0.5,'labels':[{'name':'red','confidence':0.5,"
            + "'source':'user','source_version':'v'}],'attributes':{},'model':'tiny',"
            + "'version':'1.0.3','content_url':'c','thumbnail_url':'t','vector':[0.5],"
            + "'group':{'value':'s1','size':2}}],'next_cursor':'n','model':"
            + MODEL_JSON
            + ",'build_id':'b1','tokens':[{'token':'x','image_id':'a','version':'1.0.3',"
            + "'state':'superseded'}],'device':'cpu'}");
  }

  @Test
  void aGroupOfItsOwnHasNoValue() throws Exception {
    written(
        Json.answer(
                SearchResponse.newBuilder()
                    .addHits(hit().setGroup(Group.newBuilder().setSize(1)))
                    .build())
            .hits()
            .get(0)
            .group(),
        "{'size':1}");
  }

  @Test
  void writesResultsAndRefusalsOfABatch() throws Exception {
    written(
        Json.answer(
            SearchBatchResponse.newBuilder()
                .addResults(
                    SearchResult.newBuilder()
                        .setRefused(SearchRefusal.newBuilder().setCode("FULL").setMessage("Full.")))
                .addResults(
                    SearchResult.newBuilder()
                        .setResponse(SearchResponse.newBuilder().setModel(MODEL)))
                .build()),
        "{'results':[{'refused':{'code':'FULL','message':'Full.'}},{'response':{'hits':[],"
            + "'model':"
            + MODEL_JSON
            + ",'build_id':''}}]}");
  }

  @Test
  void writesAttributesOfEveryKind() throws Exception {
    ImageEntry entry =
        ImageEntry.newBuilder()
            .setState(ImageState.IMAGE_STATE_DELETED)
            .putAttributes("text", Images.text("a"))
            .putAttributes("whole", Images.number(-3))
            .putAttributes("largest", Images.number(1L << 53))
            .putAttributes("larger", Images.number(0x1p54))
            .putAttributes("part", Images.number(0.5))
            .putAttributes("bool", Images.bool(true))
            .putAttributes("time", Images.time("2026-01-02T03:04:05.5Z"))
            .putAttributes("list", Images.list("x", "y"))
            .putAttributes("none", AttributeValue.getDefaultInstance())
            .build();
    written(
        Json.entry(entry).attributes(),
        "{'bool':true,'larger':1.8014398509481984E16,'largest':9007199254740992,"
            + "'list':['x','y'],'part':0.5,'text':'a','time':{'time':'2026-01-02T03:04:05.500Z'},"
            + "'whole':-3}");
  }

  @Test
  void writesWhoSaysALabel() {
    ImageEntry.Builder entry = ImageEntry.newBuilder();
    for (LabelSource source :
        List.of(
            LabelSource.LABEL_SOURCE_USER,
            LabelSource.LABEL_SOURCE_MODEL,
            LabelSource.LABEL_SOURCE_TAUGHT,
            LabelSource.LABEL_SOURCE_UNSPECIFIED)) {
      entry.addLabels(Images.label("red", source));
    }
    assertThat(Json.entry(entry.build()).labels())
        .extracting(Bodies.LabelBody::source)
        .containsExactly("user", "model", "taught", "unknown");
  }

  @Test
  void writesASearchableImage() throws Exception {
    written(
        Json.entry(
            ImageEntry.newBuilder()
                .setImageId("a")
                .setState(ImageState.IMAGE_STATE_SEARCHABLE)
                .setVersion(Images.version(3))
                .setOriginal(
                    OriginalImage.newBuilder()
                        .setMediaType("image/png")
                        .setWidth(4)
                        .setHeight(3)
                        .setSha256(ByteString.copyFrom(new byte[] {(byte) 0xab, 1}))
                        .setSizeBytes(99))
                .setCanonical(
                    CanonicalImage.newBuilder()
                        .setMediaType("image/webp")
                        .setWidth(2)
                        .setHeight(1)
                        .setSha256(ByteString.copyFrom(new byte[] {(byte) 0xcd})))
                .setPerceptualHash(255)
                .setModel(MODEL)
                .setDevice("cpu")
                .setAcceptedAt(Timestamp.newBuilder().setSeconds(1))
                .setEmbeddedAt(Timestamp.newBuilder().setSeconds(2))
                .setVector(Vector.newBuilder().addValues(1))
                .setContentUrl("c")
                .setThumbnailUrl("t")
                .build()),
        "{'image_id':'a','state':'searchable','version':'1.0.3','attributes':{},'labels':[],"
            + "'original':{'media_type':'image/png','width':4,'height':3,'sha256':'ab01',"
            + "'size_bytes':99},'canonical':{'media_type':'image/webp','width':2,'height':1,"
            + "'sha256':'cd'},'perceptual_hash':'00000000000000ff','model':"
            + MODEL_JSON
            + ",'device':'cpu','accepted_at':'1970-01-01T00:00:01Z',"
            + "'embedded_at':'1970-01-01T00:00:02Z','vector':[1.0],'content_url':'c',"
            + "'thumbnail_url':'t'}");
  }

  @Test
  void writesARejectedImage() throws Exception {
    written(
        Json.answer(
            ListImagesResponse.newBuilder()
                .addImages(
                    ImageEntry.newBuilder()
                        .setImageId("a")
                        .setState(ImageState.IMAGE_STATE_REJECTED)
                        .setVersion(Images.version(3))
                        .setReason("R")
                        .setDetail("D")
                        .setAttempts(2))
                .setNextCursor("n")
                .build()),
        "{'images':[{'image_id':'a','state':'rejected','version':'1.0.3','attributes':{},"
            + "'labels':[],'reason':'R','detail':'D','attempts':2}],'next_cursor':'n'}");
  }

  @Test
  void writesHowFarAnIndexIs() throws Exception {
    written(
        Json.answer(
            DescribeIndexResponse.newBuilder()
                .setCollection("shop")
                .setCollectionId("c1")
                .setBuildId("b1")
                .setModel(MODEL)
                .setSearchable(1)
                .setRejected(2)
                .setDeleted(3)
                .addPartitions(
                    PartitionPosition.newBuilder().setPartition(4).setImagesEnd(5).setApplied(6))
                .setRebuilding(true)
                .build()),
        "{'collection':'shop','collection_id':'c1','build_id':'b1','model':"
            + MODEL_JSON
            + ",'searchable':1,'rejected':2,'deleted':3,'partitions':[{'partition':4,"
            + "'images_end':5,'applied':6}],'rebuilding':true}");
  }

  @Test
  void writesAComparison() throws Exception {
    written(
        Json.answer(
            CompareIndexResponse.newBuilder()
                .setCompared(1)
                .setMissing(2)
                .setStale(3)
                .setExtra(4)
                .addDifferences(IndexDifference.newBuilder().setImageId("a").setDifference("stale"))
                .build()),
        "{'compared':1,'missing':2,'stale':3,'extra':4,"
            + "'differences':[{'image_id':'a','difference':'stale'}]}");
  }
}
