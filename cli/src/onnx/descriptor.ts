import protobuf from 'protobufjs/light';

/**
 * Field numbers of ONNX's messages, from onnx/onnx.proto (IR version 14, proto2). `+` marks a list,
 * `#` a packed list; names are ONNX's in camel case. A field that is not here would be lost when a
 * model is written again, so every field is here, read or not.
 */
const MESSAGES: Record<string, string> = {
  ModelProto: `1 irVersion int64, 8 opsetImport +OperatorSetIdProto, 2 producerName string,
    3 producerVersion string, 4 domain string, 5 modelVersion int64, 6 docString string,
    7 graph GraphProto, 14 metadataProps +StringStringEntryProto, 20 trainingInfo +TrainingInfoProto,
    25 functions +FunctionProto, 26 configuration +DeviceConfigurationProto`,
  GraphProto: `1 node +NodeProto, 2 name string, 5 initializer +TensorProto,
    15 sparseInitializer +SparseTensorProto, 10 docString string, 11 input +ValueInfoProto,
    12 output +ValueInfoProto, 13 valueInfo +ValueInfoProto,
    14 quantizationAnnotation +TensorAnnotation, 16 metadataProps +StringStringEntryProto`,
  NodeProto: `1 input +string, 2 output +string, 3 name string, 4 opType string, 7 domain string,
    8 overload string, 5 attribute +AttributeProto, 6 docString string,
    9 metadataProps +StringStringEntryProto, 10 deviceConfigurations +NodeDeviceConfigurationProto`,
  AttributeProto: `1 name string, 21 refAttrName string, 13 docString string, 20 type int32, 2 f float,
    3 i int64, 4 s bytes, 5 t TensorProto, 6 g GraphProto, 22 sparseTensor SparseTensorProto,
    14 tp TypeProto, 7 floats +float, 8 ints +int64, 9 strings +bytes, 10 tensors +TensorProto,
    11 graphs +GraphProto, 23 sparseTensors +SparseTensorProto, 15 typeProtos +TypeProto`,
  TensorProto: `1 dims +int64, 2 dataType int32, 3 segment Segment, 4 floatData #float,
    5 int32Data #int32, 6 stringData +bytes, 7 int64Data #int64, 8 name string, 12 docString string,
    9 rawData bytes, 13 externalData +StringStringEntryProto, 14 dataLocation int32,
    10 doubleData #double, 11 uint64Data #uint64, 16 metadataProps +StringStringEntryProto`,
  Segment: '1 begin int64, 2 end int64',
  SparseTensorProto: '1 values TensorProto, 2 indices TensorProto, 3 dims +int64',
  ValueInfoProto: `1 name string, 2 type TypeProto, 3 docString string,
    4 metadataProps +StringStringEntryProto`,
  TypeProto: `1 tensorType TensorTypeProto, 4 sequenceType SequenceTypeProto, 5 mapType MapTypeProto,
    9 optionalType OptionalTypeProto, 8 sparseTensorType TensorTypeProto,
    7 opaqueType OpaqueTypeProto, 6 denotation string`,
  TensorTypeProto: '1 elemType int32, 2 shape TensorShapeProto',
  SequenceTypeProto: '1 elemType TypeProto',
  MapTypeProto: '1 keyType int32, 2 valueType TypeProto',
  OptionalTypeProto: '1 elemType TypeProto',
  OpaqueTypeProto: '1 domain string, 2 name string',
  TensorShapeProto: '1 dim +DimensionProto',
  DimensionProto: '1 dimValue int64, 2 dimParam string, 3 denotation string',
  OperatorSetIdProto: '1 domain string, 2 version int64',
  StringStringEntryProto: '1 key string, 2 value string',
  TensorAnnotation: '1 tensorName string, 2 quantParameterTensorNames +StringStringEntryProto',
  FunctionProto: `1 name string, 4 input +string, 5 output +string, 6 attribute +string,
    11 attributeProto +AttributeProto, 7 node +NodeProto, 8 docString string,
    9 opsetImport +OperatorSetIdProto, 10 domain string, 13 overload string,
    12 valueInfo +ValueInfoProto, 14 metadataProps +StringStringEntryProto`,
  TrainingInfoProto: `1 initialization GraphProto, 2 algorithm GraphProto,
    3 initializationBinding +StringStringEntryProto, 4 updateBinding +StringStringEntryProto`,
  DeviceConfigurationProto: '1 name string, 2 numDevices int32, 3 device +string',
  NodeDeviceConfigurationProto: `1 configurationId string, 2 shardingSpec +ShardingSpecProto,
    3 pipelineStage int32`,
  ShardingSpecProto: `1 tensorName string, 2 device +int64,
    3 indexToDeviceGroupMap +IntIntListEntryProto, 4 shardedDim +ShardedDimProto`,
  IntIntListEntryProto: '1 key int64, 2 value +int64',
  ShardedDimProto: '1 axis int64, 2 simpleSharding +SimpleShardedDimProto',
  SimpleShardedDimProto: '1 dimValue int64, 2 dimParam string, 3 numShards int64',
};

/** Lists that are there, if empty, in every message of the kind: see types.ts. */
export const ALWAYS_LISTED: ReadonlySet<string> = new Set([
  'ModelProto.opsetImport',
  'ModelProto.metadataProps',
  'ModelProto.functions',
  'GraphProto.node',
  'GraphProto.initializer',
  'GraphProto.input',
  'GraphProto.output',
  'GraphProto.valueInfo',
  'NodeProto.input',
  'NodeProto.output',
  'NodeProto.attribute',
  'FunctionProto.node',
  'TensorProto.dims',
  'TensorShapeProto.dim',
]);

const fieldsOf = (text: string): Record<string, protobuf.IField> =>
  Object.fromEntries(
    text.split(',').map(field => {
      const [id, name, kind] = field.trim().split(/\s+/);
      const list = /^[+#]/.test(kind);
      return [
        name,
        {
          id: Number(id),
          type: list ? kind.slice(1) : kind,
          ...(list && { rule: 'repeated', options: { packed: kind.startsWith('#') } }),
        },
      ];
    }),
  );

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(MESSAGES).map(([name, text]) => [name, { fields: fieldsOf(text) }]),
  ),
});
root.resolveAll();

export const ModelProto = root.lookupType('ModelProto');
